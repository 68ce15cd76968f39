# Is there a CUDA compiler? Sets PLUGRAD_BUILT_BACKENDS: those of PLUGRAD_BACKENDS that can be built here.
set(PLUGRAD_BUILT_BACKENDS ${PLUGRAD_BACKENDS})
if(NOT "cuda" IN_LIST PLUGRAD_BACKENDS)
  return()
endif()

# plugrad_without_cuda(<reason>)
macro(plugrad_without_cuda reason)
  message(NOTICE "The cuda backend is left out: ${reason}")
  list(REMOVE_ITEM PLUGRAD_BUILT_BACKENDS cuda)
endmacro()

if(PLUGRAD_SANITIZE)
  plugrad_without_cuda("sanitizers do not see device code; its own test bed checks that")
  return()
endif()

include(CheckLanguage)
set(CMAKE_CUDA_ARCHITECTURES ${PLUGRAD_CUDA_ARCHITECTURES})
if(NOT CMAKE_CUDA_COMPILER AND EXISTS /usr/local/cuda/bin/nvcc)
  set(ENV{CUDACXX} /usr/local/cuda/bin/nvcc)
endif()
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  plugrad_without_cuda("there is no CUDA compiler (nvcc)")
  return()
endif()

enable_language(CUDA)
find_package(CUDAToolkit 13.0 QUIET)
find_library(PLUGRAD_CUDNN cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib)
mark_as_advanced(PLUGRAD_CUDNN)
if(NOT CUDAToolkit_FOUND)
  plugrad_without_cuda("it needs the CUDA toolkit 13.0 or newer")
elseif(NOT TARGET CUDA::cublas OR NOT PLUGRAD_CUDNN)
  plugrad_without_cuda("it needs cuBLAS and cuDNN 9")
endif()

set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
set(CMAKE_CUDA_FLAGS_RELWITHDEBINFO "-O3 -lineinfo -DNDEBUG")
set(CMAKE_CUDA_FLAGS_DEBUG "-O1 -lineinfo")
# CMake 3.25 knows no CUDA standard beyond 17.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
# Warnings are errors for host and device code alike, spilled registers too.
add_library(plugrad_cuda_warnings INTERFACE)
target_compile_options(plugrad_cuda_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Wno-unused-parameter
    -Xptxas=--warn-on-spills>)
if(NOT CMAKE_CUDA_COMPILER_LAUNCHER AND CCACHE_PROGRAM)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
