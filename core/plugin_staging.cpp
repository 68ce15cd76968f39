#include "plugrad/core/plugin_staging.h"

#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <optional>

#include "plugrad/core/error.h"

namespace plugrad::detail {

namespace {

// ---- the host's table of functions ----

void keep_message(const char* message) {
  try {
    ThreadState& t = thread_state();
    std::strncpy(t.message, message ? message : "", sizeof t.message - 1);
  } catch (...) {  // no memory for the thread's state: the status alone has to do
    return;
  }
}

// What `self` points at while init runs.
struct Staging {
  Staged staged;
  std::string refusal;  // the first one
};

int32_t refuse_call(Staging& s, const std::string& why) {
  if (s.refusal.empty()) s.refusal = why;
  keep_message(why.c_str());
  return PLUGRAD_FAILED;
}

int32_t stage_kernel(Staging& s, const char* op, plugrad_kernel forward, plugrad_kernel gradient) {
  if (!op) return refuse_call(s, "add_kernel: no name of an op");
  const Row* row = find_op(op);
  if (!row) return refuse_call(s, fmt::format("add_kernel: there is no op {}", op));
  if (row->kind == OpKind::view)
    return refuse_call(s, fmt::format("add_kernel: {} is a view and has no kernels", op));
  if (!forward) return refuse_call(s, fmt::format("add_kernel: {} comes without a forward kernel", op));
  if (!s.staged.cells.try_emplace(row, Cell{forward, gradient}).second)
    return refuse_call(s, fmt::format("add_kernel: {} is given twice", op));
  return PLUGRAD_OK;
}

int32_t stage_memory(Staging& s, const plugrad_memory* memory) {
  if (!memory || memory->size < sizeof(plugrad_memory))
    return refuse_call(s, "set_memory: the table is too short");
  plugrad_memory m{};
  std::memcpy(&m, memory, sizeof m);  // a later host's table may be longer
  m.size = sizeof m;
  const bool all = m.device_count && m.allocate && m.deallocate && m.copy && m.synchronize;
  const bool any = m.device_count || m.allocate || m.deallocate || m.copy || m.synchronize || m.stream;
  if (m.device_type <= 0)
    return refuse_call(s, fmt::format("set_memory: {} is no device type", m.device_type));
  if (m.device_type == kDLCPU ? any : !all)
    return refuse_call(s, m.device_type == kDLCPU
                              ? "set_memory: functions for host memory, which is the host's own"
                              : "set_memory: functions are missing");
  s.staged.memory = m;
  return PLUGRAD_OK;
}

// No exception passes back into the plugin; `self` is null once init is over.
template <class F>
int32_t guarded(void* self, F&& f) noexcept {
  if (!self) {
    keep_message("kernels and memory are taken during plugrad_init only");
    return PLUGRAD_FAILED;
  }
  try {
    return f(*static_cast<Staging*>(self));
  } catch (...) {
    keep_message("the host is out of memory");
    return PLUGRAD_FAILED;
  }
}

int32_t add_kernel(void* self, const char* op, plugrad_kernel forward, plugrad_kernel gradient) {
  return guarded(self, [&](Staging& s) { return stage_kernel(s, op, forward, gradient); });
}
int32_t set_memory(void* self, const plugrad_memory* memory) {
  return guarded(self, [&](Staging& s) { return stage_memory(s, memory); });
}

// A plugin may keep the address.
plugrad_host& new_host() {
  static auto& hosts = *new std::deque<plugrad_host>;  // under the loader's lock
  return hosts.emplace_back(plugrad_host{sizeof(plugrad_host), PLUGRAD_ABI_MAJOR, PLUGRAD_ABI_MINOR, nullptr,
                                         add_kernel, set_memory, keep_message});
}

// What went wrong in init, in words; the exception is gone when this returns.
std::optional<std::string> failure_of(plugrad_init_function init, const plugrad_host& host) {
  thread_state().message[0] = 0;
  try {
    const int32_t status = init(&host);
    if (status == PLUGRAD_OK) return std::nullopt;
    const char* message = thread_state().message;
    return fmt::format("its init function failed with status {}: {}", status,
                       *message ? message : "it does not say why");
  } catch (const std::exception& e) {
    return fmt::format("its init function threw an exception: {}", e.what());
  } catch (...) {
    return "its init function threw an exception that says nothing";
  }
}

// ---- commit ----

BackendId reserve_id(const std::string& name, std::string_view where) {
  try {
    return intern_backend(name);
  } catch (const DeviceError& e) {
    refuse_plugin(where, e.what(), "use fewer backends in one process");
  }
}

void clear_cells(const std::vector<Row*>& rows, BackendId id) {
  for (Row* row : rows) {
    row->gradient[id].store(nullptr);
    row->forward[id].store(nullptr);
  }
}

void fill_cells(const Staged& staged, BackendId id, const std::string& name, std::string_view where) {
  std::vector<Row*> filled;
  filled.reserve(staged.cells.size());
  for (const auto& [op, cell] : staged.cells) {
    Row& row = mutable_row(*op);
    plugrad_kernel none = nullptr;
    if (!row.forward[id].compare_exchange_strong(none, cell.forward)) {
      clear_cells(filled, id);
      refuse_plugin(
          where,
          fmt::format("this program has registered its own kernels for {} on {}", op->schema->name, name),
          "register them after the backend is loaded, and only where it has none");
    }
    row.gradient[id].store(cell.gradient);
    filled.push_back(&row);
  }
}

}  // namespace

Staged run_init(plugrad_init_function init, std::string_view where) {
  Staging staging;
  staging.staged.memory.size = sizeof(plugrad_memory);
  staging.staged.memory.device_type = kDLCPU;
  plugrad_host& host = new_host();
  host.self = &staging;
  const std::optional<std::string> failure = failure_of(init, host);
  host.self = nullptr;
  if (failure)
    refuse_plugin(where, *failure,
                  "the plugin does not work here as it is: ask its documentation or its author");
  if (!staging.refusal.empty())
    refuse_plugin(where, "its init function ignored a refusal: " + staging.refusal,
                  "have the plugin corrected");
  return std::move(staging.staged);
}

void commit(const Staged& staged, const Manifest& manifest, const std::string& origin,
            std::string_view where) {
  BackendInfo info{manifest.name, manifest.version, manifest.op_set, origin};
  const BackendId id = reserve_id(manifest.name, where);
  fill_cells(staged, id, manifest.name, where);
  // From here on nothing can fail. The release makes it all visible to whoever finds the backend loaded.
  Backend& b = backend(id);
  b.memory = staged.memory;
  b.info = std::move(info);
  device_type[id] = static_cast<DLDeviceType>(staged.memory.device_type);
  b.loaded.store(true, std::memory_order_release);
}

}  // namespace plugrad::detail
