// Runs decoded PTX.
#pragma once

#include "plugrad/tests/cuda_emulation/device_thread.h"

namespace plugrad::cuda_emulation::ptx {

// Until the thread waits, ends or fails, or has run `budget` instructions.
void run(DeviceThread& thread, uint64_t budget);

// Makes `function` the current one: its registers as they are at entry. The frame is set already.
void enter(DeviceThread& thread, const Function& function);

}  // namespace plugrad::cuda_emulation::ptx
