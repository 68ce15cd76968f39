// What calls of NVIDIA's libraries return, as failures that name the call and give the library's own words.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// Throw plugin::Failure where `status` is not success: PLUGRAD_OUT_OF_MEMORY where the device has no memory,
// else PLUGRAD_DEVICE_FAILED. `call` is the name of the function that returned it.
void check(cudaError_t status, const char* call);
void check(cublasStatus_t status, const char* call);
void check(cudnnStatus_t status, const char* call);

// What a device too old for this build, or none at all, means for the user, added to the library's words;
// empty for any other status.
const char* advice(cudaError_t status);

}  // namespace plugrad::cuda
