// The layout of what crosses the boundary, held against abi_layout.txt: changing it takes a new ABI version.
#include <gtest/gtest.h>

#include <boost/pfr/tuple_size.hpp>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "plugrad/core/abi.h"

namespace {

// Writes one line for a struct and one for each field.
class Layout {
 public:
  template <class T>
  void begin(const char* name) {
    text_ << name << ": " << sizeof(T) << " bytes, aligned to " << alignof(T) << '\n';
  }
  void field(const char* name, size_t offset, size_t size) {
    text_ << "  " << name << ": " << size << " at " << offset << '\n';
  }
  template <class T>
  void constant(const char* name, const T& value) {
    text_ << name << " = " << value << '\n';
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

#define FIELD(type, name) layout.field(#name, offsetof(type, name), sizeof(type::name))
// Fails to compile where a field is added and not listed here.
#define BEGIN(type, fields)                                                                               \
  static_assert(boost::pfr::tuple_size_v<type> == (fields), "list all fields of " #type " in this file"); \
  layout.begin<type>(#type)
#define CONSTANT(name) layout.constant(#name, name)

void constants(Layout& layout) {
  CONSTANT(PLUGRAD_ABI_MAJOR);
  CONSTANT(PLUGRAD_ABI_MINOR);
  CONSTANT(PLUGRAD_MAX_NDIM);
  CONSTANT(PLUGRAD_MANIFEST_SECTION);
  CONSTANT(PLUGRAD_DL_BOOL);
  CONSTANT(PLUGRAD_OK);
  CONSTANT(PLUGRAD_FAILED);
  CONSTANT(PLUGRAD_BAD_SHAPE);
  CONSTANT(PLUGRAD_BAD_DTYPE);
  CONSTANT(PLUGRAD_DEVICE_FAILED);
  CONSTANT(PLUGRAD_OUT_OF_MEMORY);
  CONSTANT(PLUGRAD_INT);
  CONSTANT(PLUGRAD_REAL);
  CONSTANT(PLUGRAD_INTS);
  CONSTANT(PLUGRAD_HOST_TO_DEVICE);
  CONSTANT(PLUGRAD_DEVICE_TO_HOST);
  CONSTANT(PLUGRAD_DEVICE_TO_DEVICE);
}

void kernel_structs(Layout& layout) {
  BEGIN(plugrad_value, 3);
  FIELD(plugrad_value, tag);
  FIELD(plugrad_value, count);
  FIELD(plugrad_value, as);
  BEGIN(plugrad_context, 6);
  FIELD(plugrad_context, size);
  FIELD(plugrad_context, threads);
  FIELD(plugrad_context, stream);
  FIELD(plugrad_context, self);
  FIELD(plugrad_context, workspace);
  FIELD(plugrad_context, fail);
  BEGIN(plugrad_call, 11);
  FIELD(plugrad_call, size);
  FIELD(plugrad_call, n_in);
  FIELD(plugrad_call, n_out);
  FIELD(plugrad_call, n_attr);
  FIELD(plugrad_call, reserved);
  FIELD(plugrad_call, in);
  FIELD(plugrad_call, out);
  FIELD(plugrad_call, dout);
  FIELD(plugrad_call, din);
  FIELD(plugrad_call, attr);
  FIELD(plugrad_call, context);
  BEGIN(DLTensor, 7);
  FIELD(DLTensor, data);
  FIELD(DLTensor, device);
  FIELD(DLTensor, ndim);
  FIELD(DLTensor, dtype);
  FIELD(DLTensor, shape);
  FIELD(DLTensor, strides);
  FIELD(DLTensor, byte_offset);
}

void host_structs(Layout& layout) {
  BEGIN(plugrad_memory_statistics, 11);
  FIELD(plugrad_memory_statistics, size);
  FIELD(plugrad_memory_statistics, reserved);
  FIELD(plugrad_memory_statistics, in_use);
  FIELD(plugrad_memory_statistics, peak_in_use);
  FIELD(plugrad_memory_statistics, held);
  FIELD(plugrad_memory_statistics, peak_held);
  FIELD(plugrad_memory_statistics, cached);
  FIELD(plugrad_memory_statistics, free);
  FIELD(plugrad_memory_statistics, total);
  FIELD(plugrad_memory_statistics, allocations);
  FIELD(plugrad_memory_statistics, upstream_allocations);
  BEGIN(plugrad_memory, 12);
  FIELD(plugrad_memory, size);
  FIELD(plugrad_memory, device_type);
  FIELD(plugrad_memory, self);
  FIELD(plugrad_memory, device_count);
  FIELD(plugrad_memory, allocate);
  FIELD(plugrad_memory, deallocate);
  FIELD(plugrad_memory, copy);
  FIELD(plugrad_memory, synchronize);
  FIELD(plugrad_memory, stream);
  FIELD(plugrad_memory, share);
  FIELD(plugrad_memory, statistics);
  FIELD(plugrad_memory, release_cached);
  BEGIN(plugrad_host, 7);
  FIELD(plugrad_host, size);
  FIELD(plugrad_host, abi_major);
  FIELD(plugrad_host, abi_minor);
  FIELD(plugrad_host, self);
  FIELD(plugrad_host, add_kernel);
  FIELD(plugrad_host, set_memory);
  FIELD(plugrad_host, fail);
  BEGIN(plugrad_plugin, 3);
  FIELD(plugrad_plugin, size);
  FIELD(plugrad_plugin, manifest);
  FIELD(plugrad_plugin, init);
}

TEST(AbiLayout, IsTheGoldenOne) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the golden layout is that of 64-bit machines";
  Layout layout;
  constants(layout);
  kernel_structs(layout);
  host_structs(layout);
  std::ifstream file(PLUGRAD_ABI_LAYOUT_FILE);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(layout.text(), golden)
      << "What crosses the boundary has changed: raise PLUGRAD_ABI_MINOR (PLUGRAD_ABI_MAJOR "
         "from 1.0 on, unless structs only grew at their ends), then write the new layout, "
         "above, to "
      << PLUGRAD_ABI_LAYOUT_FILE;
}

}  // namespace
