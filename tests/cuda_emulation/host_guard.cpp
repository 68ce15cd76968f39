// The SIGSEGV handler: async-signal-safe, hence no fmt.
#include "plugrad/tests/cuda_emulation/host_guard.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

namespace plugrad::cuda_emulation {
namespace {

constexpr int kExitStatus = 97;
uint64_t guarded_base = 0;
uint64_t guarded_size = 0;
struct sigaction previous;

void write_text(std::string_view text) { (void)!write(STDERR_FILENO, text.data(), text.size()); }

void write_hex(uint64_t value) {
  char digits[16];
  for (int i = 15; i >= 0; --i, value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  write_text({digits, sizeof digits});
}

void on_fault(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  if (address - guarded_base < guarded_size) {
    write_text("CUDA emulation: host-deref: the host touched device memory at 0x");
    write_hex(address);
    write_text("\n");
    _exit(kExitStatus);
  }
  sigaction(SIGSEGV, &previous,
            nullptr);  // the fault happens again when this returns, and reaches that handler
}

}  // namespace

void guard_against_host(uint64_t base, uint64_t size) {
  guarded_base = base;
  guarded_size = size;
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &previous);
}

}  // namespace plugrad::cuda_emulation
