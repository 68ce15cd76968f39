/* The contract between the host and its plugins: plain C, and nothing else crosses.
 *
 * A plugin exports two symbols: `plugrad_manifest`, text in the section PLUGRAD_MANIFEST_SECTION that the
 * host reads from the file before it loads it, and `plugrad_init`, which hands the host its kernels through a
 * table of functions. Every struct begins with its size and grows at the end only. While the major version is
 * 0, host and plugin must agree on both numbers exactly. */
#ifndef PLUGRAD_CORE_ABI_H
#define PLUGRAD_CORE_ABI_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUGRAD_ABI_MAJOR 0
#define PLUGRAD_ABI_MINOR 2
#define PLUGRAD_MAX_NDIM 8
#define PLUGRAD_MANIFEST_SECTION ".plugrad.manifest"

/* DLPack 0.6 has no code for bool; later versions use this one, with 8 bits: 0 or 1. */
enum { PLUGRAD_DL_BOOL = 6 };

/* What a kernel, an init function or a memory function returns. Anything but PLUGRAD_OK goes with a message
 * given to `fail`, and becomes the exception named here. */
enum plugrad_status {
  PLUGRAD_OK = 0,
  PLUGRAD_FAILED = 1,        /* Error */
  PLUGRAD_BAD_SHAPE = 2,     /* ShapeError */
  PLUGRAD_BAD_DTYPE = 3,     /* DTypeError */
  PLUGRAD_DEVICE_FAILED = 4, /* DeviceError */
  PLUGRAD_OUT_OF_MEMORY = 5  /* DeviceError, after cached memory was released and the call tried once more */
};

/* An attribute of an op: a tagged value. Attributes are positional; their names live in the op's schema. */
enum plugrad_tag { PLUGRAD_INT = 1, PLUGRAD_REAL = 2, PLUGRAD_INTS = 3 };
typedef struct plugrad_value {
  int32_t tag;   /* of enum plugrad_tag */
  int32_t count; /* PLUGRAD_INTS: how many; otherwise 1 */
  union {
    int64_t i;
    double f;
    const int64_t* ints;
  } as;
} plugrad_value;

/* What a kernel may ask of the host while it runs. */
typedef struct plugrad_context {
  uint32_t size;
  int32_t threads; /* how many threads the kernel may use, itself included; at least 1 */
  void* stream;    /* the queue to enqueue work on, for devices that have one; otherwise null */
  void* self;      /* pass it to the functions below */
  /* `bytes` of uninitialised device memory, aligned to 64 bytes, valid until the kernel's work is done in
   * stream order; null if there is none. May be called up to 8 times a call. */
  void* (*workspace)(void* self, size_t bytes);
  /* Keeps a copy of `message` for the status that the kernel is about to return. */
  void (*fail)(void* self, const char* message);
} plugrad_context;

/* One call of a kernel. All tensors lie on the backend's device; strides are never null and count elements;
 * they may be 0 or negative on inputs. Outputs are compact, row-major and do not overlap inputs, except where
 * an op's definition allows out[0] to be in[0], and perhaps to have its strides.
 *
 * forward:  reads in, writes out.
 * gradient: reads in[i] and out[i] (null unless the op's schema saves them) and dout[i] (null: zero), and
 * writes each din[i] that is not null. It writes, and never adds to what is there. A kernel validates
 * nothing: the host has checked shapes, dtypes and devices against the op's schema. */
typedef struct plugrad_call {
  uint32_t size;
  uint16_t n_in, n_out, n_attr, reserved;
  const DLTensor* const* in;
  const DLTensor* const* out;
  const DLTensor* const* dout; /* null in a forward call */
  const DLTensor* const* din;  /* null in a forward call */
  const plugrad_value* attr;
  const plugrad_context* context;
} plugrad_call;
typedef int32_t (*plugrad_kernel)(const plugrad_call* call);

/* What a backend's memory holds, in bytes, and how often it was asked; -1: it can't tell. */
typedef struct plugrad_memory_statistics {
  uint32_t size;
  uint32_t reserved;
  int64_t in_use, peak_in_use;  /* handed out to arrays and kernels */
  int64_t held, peak_held;      /* taken from the device */
  int64_t cached;               /* held, and handed out to nobody */
  int64_t free, total;          /* of the device */
  int64_t allocations;          /* answered so far */
  int64_t upstream_allocations; /* of them, passed on to the device */
} plugrad_memory_statistics;

/* A backend's memory. A backend whose device_type is kDLCPU works on ordinary host memory, which the host
 * allocates: it leaves the functions null. Each function returns a plugrad_status and explains a failure
 * through host->fail. */
enum plugrad_copy { PLUGRAD_HOST_TO_DEVICE = 1, PLUGRAD_DEVICE_TO_HOST = 2, PLUGRAD_DEVICE_TO_DEVICE = 3 };
typedef struct plugrad_memory {
  uint32_t size;
  int32_t device_type; /* DLDeviceType */
  void* self;          /* passed to each function */
  int32_t (*device_count)(void* self, int32_t* count);
  int32_t (*allocate)(void* self, int32_t ordinal, size_t bytes, void** data);
  void (*deallocate)(void* self, int32_t ordinal, void* data, size_t bytes);
  /* Copies `bytes` in stream order; when it returns, host memory may be reused or read. */
  int32_t (*copy)(void* self, int32_t ordinal, void* to, const void* from, size_t bytes, int32_t direction);
  int32_t (*synchronize)(void* self, int32_t ordinal);
  void* (*stream)(void* self, int32_t ordinal); /* of the calling thread */
  /* The rest may be null.
   *
   * Work of the calling thread's stream is about to touch an allocation that another thread made, or that
   * work of another thread's stream has touched: that work is waited for in stream order, and the memory is
   * not used again before the calling thread's work on it is done. */
  int32_t (*share)(void* self, int32_t ordinal, void* data);
  int32_t (*statistics)(void* self, int32_t ordinal, plugrad_memory_statistics* statistics);
  /* Gives memory that nobody uses back to the device. */
  int32_t (*release_cached)(void* self, int32_t ordinal);
} plugrad_memory;

/* The host's table of functions, given to plugrad_init. It outlives the plugin. */
typedef struct plugrad_host {
  uint32_t size;
  uint32_t abi_major, abi_minor;
  void* self; /* valid during init only; pass it to the functions below */
  /* Offers kernels for an op of this backend. `gradient` may be null where the schema allows it. The op's
   * name is copied. A name that the host does not know is PLUGRAD_FAILED. */
  int32_t (*add_kernel)(void* self, const char* op, plugrad_kernel forward, plugrad_kernel gradient);
  /* Describes the backend's memory; not called: host memory. The table is copied. */
  int32_t (*set_memory)(void* self, const plugrad_memory* memory);
  /* Keeps a copy of `message`; any thread, any time. */
  void (*fail)(const char* message);
} plugrad_host;
typedef int32_t (*plugrad_init_function)(const plugrad_host* host);

/* What a plugin exports under a name of its own (`plugrad_cpu_plugin`) for programs that link it directly. */
typedef struct plugrad_plugin {
  uint32_t size;
  const char* manifest;
  plugrad_init_function init;
} plugrad_plugin;

#ifdef __cplusplus
}
#endif
#endif
