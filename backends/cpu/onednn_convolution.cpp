// Convolutions by oneDNN: one plan for each shape, with copies into the layout that its code wants and back.
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>
#include <unordered_map>

#include "plugrad/backends/cpu/onednn.h"

namespace plugrad::cpu::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

dnnl::engine& engine() {
  static auto& cpu = *new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// x, w and y, or their gradients.
struct Layouts {
  memory::desc x, w, y;
};

Layouts layouts(const Convolution& g, Tag images, Tag filters, Tag grouped_filters) {
  const auto desc = [](const memory::dims& dims, Tag tag) {
    return memory::desc(dims, memory::data_type::f32, tag);
  };
  const memory::dims w{g.group_filters(), g.group_channels(), g.kernel[0], g.kernel[1]},
      grouped_w{g.groups, g.group_filters(), g.group_channels(), g.kernel[0], g.kernel[1]};
  return {desc({g.images, g.channels, g.x[0], g.x[1]}, images),
          g.groups == 1 ? desc(w, filters) : desc(grouped_w, grouped_filters),
          desc({g.images, g.filters, g.y[0], g.y[1]}, images)};
}

// As the arrays of a call lie.
Layouts row_major(const Convolution& g) { return layouts(g, Tag::nchw, Tag::oihw, Tag::goihw); }

// As oneDNN is to work on them: by blocks of 16 channels where they are whole, else with channels last.
Layouts wanted(const Convolution& g) {
  constexpr int64_t block = 16;
  const bool whole = g.depthwise() ? g.groups % block == 0
                                   : g.group_channels() % block == 0 && g.group_filters() % block == 0;
  return layouts(g, whole ? Tag::any : Tag::nhwc, Tag::any, Tag::any);
}

// What oneDNN wants to know of a convolution beside the layouts.
struct Numbers {
  memory::dims stride, dilation, padding_before, padding_behind;

  explicit Numbers(const Convolution& g) {
    for (size_t k = 0; k < 2; ++k) {
      const int64_t reach = (g.y[k] - 1) * g.stride[k] + g.dilation[k] * (g.kernel[k] - 1) + 1;
      stride.push_back(g.stride[k]);
      dilation.push_back(g.dilation[k] - 1);
      padding_before.push_back(g.padding[k]);
      padding_behind.push_back(reach - g.x[k] - g.padding[k]);
    }
  }
};

// P's primitive descriptor; empty where oneDNN has nothing for these layouts. Gradients want the forward one.
template <class P, class... Forward>
typename P::primitive_desc describe(const Layouts& l, const Numbers& n, const Forward&... forward) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto describe_kind = [&](const auto&... kind) {
    constexpr auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return typename P::primitive_desc(engine(), kind..., direct, l.x, l.w, l.y, n.stride, n.dilation,
                                      n.padding_before, n.padding_behind, forward..., attr, true);
#else
    const typename P::desc operation(kind..., direct, l.x, l.w, l.y, n.stride, n.dilation, n.padding_before,
                                     n.padding_behind);
    return typename P::primitive_desc(operation, attr, engine(), forward..., true);
#endif
  };
  if constexpr (sizeof...(Forward) == 0) return describe_kind(dnnl::prop_kind::forward_training);
  else return describe_kind();
}

// The primitive of one shape, and where it finds its arguments.
class Plan {
 public:
  // Empty where oneDNN generates no code.
  Plan(Direction direction, const Convolution& g) {
    const Layouts l = wanted(g), outside = row_major(g);
    const Numbers numbers(g);
    const auto forward = describe<dnnl::convolution_forward>(l, numbers);
    if (!forward) return;
    if (direction == Direction::forward) {
      take<dnnl::convolution_forward>(forward, {DNNL_ARG_SRC, outside.x, forward.src_desc()},
                                      {DNNL_ARG_WEIGHTS, outside.w, forward.weights_desc()},
                                      {DNNL_ARG_DST, outside.y, forward.dst_desc()});
    } else if (direction == Direction::input_gradient) {
      using Gradient = dnnl::convolution_backward_data;
      if (const auto d = describe<Gradient>(l, numbers, forward))
        take<Gradient>(d, {DNNL_ARG_DIFF_DST, outside.y, d.diff_dst_desc()},
                       {DNNL_ARG_WEIGHTS, outside.w, d.weights_desc()},
                       {DNNL_ARG_DIFF_SRC, outside.x, d.diff_src_desc()});
    } else {
      using Gradient = dnnl::convolution_backward_weights;
      if (const auto d = describe<Gradient>(l, numbers, forward))
        take<Gradient>(d, {DNNL_ARG_DIFF_DST, outside.y, d.diff_dst_desc()},
                       {DNNL_ARG_SRC, outside.x, d.src_desc()},
                       {DNNL_ARG_DIFF_WEIGHTS, outside.w, d.diff_weights_desc()});
    }
  }

  explicit operator bool() const { return static_cast<bool>(primitive_); }

  void run(const Call& c, float* first, float* second, float* result) const {
    thread_local dnnl::stream stream(engine());
    char* room = c.workspace<char>(static_cast<int64_t>(bytes_));
    std::unordered_map<int, memory> arguments{{DNNL_ARG_SCRATCHPAD, memory(scratchpad_, engine(), room)}};
    const auto bind = [&](const Argument& a, float* data) {
      void* at = a.is_copied() ? static_cast<void*>(room + a.offset) : data;
      return arguments.emplace(a.id, memory(a.inside, engine(), at)).first->second;
    };
    const auto copy = [&](const Argument& a, memory from, memory to) {
      if (a.is_copied()) a.copy.execute(stream, from, to);
    };
    copy(first_, memory(first_.outside, engine(), first), bind(first_, first));
    copy(second_, memory(second_.outside, engine(), second), bind(second_, second));
    const memory inside = bind(result_, result);
    primitive_.execute(stream, arguments);
    copy(result_, inside, memory(result_.outside, engine(), result));
    stream.wait();
  }

 private:
  // Where a call's array has another layout than the primitive's, it is copied.
  struct Argument {
    int id = 0;
    memory::desc outside{}, inside{};
    dnnl::reorder copy{};
    int64_t offset = 0;  // of the copy in the workspace

    bool is_copied() const { return outside != inside; }
  };

  template <class P>
  void take(const typename P::primitive_desc& d, const Argument& first, const Argument& second,
            const Argument& result) {
    const std::string_view name = d.impl_info_str();
    if (!name.starts_with("jit") && !name.starts_with("brg")) return;
    scratchpad_ = d.scratchpad_desc();
    bytes_ = aligned(scratchpad_.get_size());
    first_ = with_copy(first, first.outside, first.inside);
    second_ = with_copy(second, second.outside, second.inside);
    result_ = with_copy(result, result.inside, result.outside);
    primitive_ = P(d);
  }
  Argument with_copy(Argument a, const memory::desc& from, const memory::desc& to) {
    if (!a.is_copied()) return a;
    a.copy = dnnl::reorder({engine(), from, engine(), to});
    a.offset = bytes_;
    bytes_ += aligned(a.inside.get_size());
    return a;
  }
  static int64_t aligned(size_t bytes) { return static_cast<int64_t>((bytes + 63) / 64 * 64); }

  dnnl::primitive primitive_;
  memory::desc scratchpad_;
  Argument first_, second_, result_;
  int64_t bytes_ = 0;
};

// Making a plan takes as long as a thousand finds.
class Plans {
 public:
  struct Key {
    Direction direction;
    int threads;
    Convolution shape;
    auto operator<=>(const Key&) const = default;
  };
  std::shared_ptr<const Plan> find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = plans_.find(key);
    if (found != plans_.end()) return found->second;
    if (plans_.size() >= most) plans_.clear();
    return plans_.emplace(key, std::make_shared<const Plan>(key.direction, key.shape)).first->second;
  }

 private:
  static constexpr size_t most = 1024;  // shapes that come once only, as of batches of all sizes
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Plan>> plans_;
};

Plans& plans() {
  static auto& all = *new Plans;
  return all;
}

}  // namespace

bool convolve(const Call& c, Direction direction, const Convolution& g, const ConvolutionArrays<float>& a,
              int threads) try {
  const ThreadLimit limit(threads);
  const auto plan = plans().find({direction, threads, g});
  if (!*plan) return false;
  switch (direction) {
    case Direction::forward:
      plan->run(c, a.x, a.w, a.y);
      break;
    case Direction::input_gradient:
      plan->run(c, a.y, a.w, a.x);
      break;
    case Direction::weight_gradient:
      plan->run(c, a.y, a.x, a.w);
      break;
  }
  return true;
} catch (const dnnl::error& e) {
  throw plugin::Failure(e.status == dnnl_out_of_memory ? PLUGRAD_OUT_OF_MEMORY : PLUGRAD_FAILED,
                        std::string("oneDNN: ") + e.what());
}

}  // namespace plugrad::cpu::onednn
