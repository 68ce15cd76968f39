/* A whole plugin in C, from abi.h alone: it compiles as strict C11, and it loads. */
#include <math.h>

#include "plugrad/core/abi.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define EXPORT __attribute__((visibility("default")))

EXPORT extern const char plugrad_manifest[];
__attribute__((section(PLUGRAD_MANIFEST_SECTION), used)) const char plugrad_manifest[] =
    "{\"plugrad\": \"backend\", \"name\": \"plain_c\", \"version\": \"1.0\", \"abi_major\": " TEXT(
        PLUGRAD_ABI_MAJOR) ", \"abi_minor\": " TEXT(PLUGRAD_ABI_MINOR) ", \"op_set\": \"\"}";

static int64_t size(const DLTensor* t) {
  int64_t n = 1;
  for (int i = 0; i < t->ndim; ++i) n *= t->shape[i];
  return n;
}

/* y = |x|, of compact float32 arrays. */
static int32_t abs_forward(const plugrad_call* call) {
  const DLTensor *x = call->in[0], *y = call->out[0];
  if (x->dtype.code != kDLFloat || x->dtype.bits != 32) {
    call->context->fail(call->context->self, "plain_c takes float32 only");
    return PLUGRAD_BAD_DTYPE;
  }
  const float* from = (const float*)(const void*)((const char*)x->data + x->byte_offset);
  float* to = (float*)(void*)((char*)y->data + y->byte_offset);
  for (int64_t i = 0; i < size(x); ++i) to[i] = fabsf(from[i]);
  return PLUGRAD_OK;
}

EXPORT int32_t plugrad_init(const plugrad_host* host);
int32_t plugrad_init(const plugrad_host* host) {
  return host->add_kernel(host->self, "abs", abs_forward, NULL);
}
