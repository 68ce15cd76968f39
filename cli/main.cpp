// The command `plugrad`: what a user or a plugin's author asks the installed library.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "plugrad/cli/op_table.h"
#include "plugrad/core/backend.h"
#include "plugrad/core/error.h"

namespace {

// Loads those named, or all that are found; one that is not named and cannot be loaded is told of and left
// out.
std::vector<std::string> load(std::vector<std::string> named) {
  const bool all = named.empty();
  if (all) named = plugrad::available_backends();
  std::vector<std::string> loaded;
  for (const std::string& name : named) {
    try {
      plugrad::load_backend(name);
      loaded.push_back(name);
    } catch (const plugrad::Error& e) {
      if (!all) throw;
      std::cerr << name << " is left out: " << e.what() << '\n';
    }
  }
  return loaded;
}

struct OpsOptions {
  std::vector<std::string> backends;
  bool json = false, markdown = false;
};

void print_ops(const OpsOptions& o) {
  const plugrad::cli::OpTable table = plugrad::cli::make_op_table(load(o.backends));
  if (o.json) std::cout << to_json(table).dump(2) << '\n';
  else std::cout << (o.markdown ? to_markdown(table) : to_text(table));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plugrad: an op is a row, a backend is a column, a kernel is a cell");
  app.require_subcommand(1);
  OpsOptions ops;
  CLI::App& command = *app.add_subcommand("ops", "Print the table: each op, and how each backend has it");
  command.add_option("--backend", ops.backends, "These backends; default: all that are found");
  CLI::Option* json = command.add_flag("--json", ops.json, "As JSON");
  command.add_flag("--markdown", ops.markdown, "As a Markdown table")->excludes(json);
  CLI11_PARSE(app, argc, argv);
  try {
    print_ops(ops);
  } catch (const std::exception& e) {
    std::cerr << "plugrad: " << e.what() << '\n';
    return 1;
  }
}
