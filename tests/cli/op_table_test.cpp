// The table that `plugrad ops` prints: every op is in it, and its cells say what is there.
#include "plugrad/cli/op_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugrad/core/backend.h"
#include "plugrad/core/cells.h"
#include "plugrad/core/registry.h"

namespace plugrad::cli {
namespace {

using ::testing::HasSubstr;

OpTable table() {
  load_backend("cpu");
  load_backend("reference");
  return make_op_table({"cpu", "reference"});
}

const OpRow& row(const OpTable& t, const std::string& op) {
  const auto at = std::find_if(t.rows.begin(), t.rows.end(), [&](const OpRow& r) { return r.op == op; });
  if (at == t.rows.end()) throw std::runtime_error("no row " + op);
  return *at;
}

TEST(OpTable, HasEveryOpInOrder) {
  const OpTable t = table();
  ASSERT_EQ(t.rows.size(), all_ops().size());
  EXPECT_TRUE(std::is_sorted(t.rows.begin(), t.rows.end(),
                             [](const OpRow& a, const OpRow& b) { return a.op < b.op; }));
}

TEST(OpTable, SaysWhatEachCellHolds) {
  const OpTable t = table();
  const OpRow &exp = row(t, "exp"), &add = row(t, "add"), &reshape = row(t, "permute"),
              &sign = row(t, "sign");
  EXPECT_EQ(exp.kind, "primitive core-1");
  EXPECT_EQ(exp.differentiable, "yes");
  EXPECT_EQ(exp.forward, (std::vector<std::string>{"kernel", "kernel"}));
  EXPECT_EQ(exp.gradient, (std::vector<std::string>{"kernel", "kernel"}));
  EXPECT_EQ(add.gradient[0], "trivial");
  EXPECT_EQ(reshape.forward[0], "view");
  EXPECT_EQ(sign.differentiable, "constant");
  EXPECT_EQ(sign.gradient[0], "");
  EXPECT_EQ(row(t, "softmax").kind, "composite");
  EXPECT_EQ(exp.owner, "plugrad");
}

TEST(OpTable, ShowsHolesAndCompositions) {
  const OpSchema& exp = *get_op("exp").schema;
  const OpSchema& softmax = *get_op("softmax").schema;
  EXPECT_EQ(forward_state(exp, {}), CellState::missing);
  EXPECT_EQ(gradient_state(exp, {}), CellState::composed);
  EXPECT_EQ(forward_state(softmax, {}), CellState::composed);
  EXPECT_EQ(to_string(CellState::missing), "-");
}

TEST(OpTable, IsTextMarkdownAndJson) {
  const OpTable t = table();
  EXPECT_THAT(to_text(t), HasSubstr("0 missing"));
  EXPECT_THAT(to_markdown(t),
              HasSubstr("| exp | primitive core-1 | yes | kernel / kernel | kernel / kernel | plugrad |"));
  const nlohmann::json j = to_json(t);
  ASSERT_EQ(j["ops"].size(), t.rows.size());
  EXPECT_EQ(j["backends"], (std::vector<std::string>{"cpu", "reference"}));
}

}  // namespace
}  // namespace plugrad::cli
