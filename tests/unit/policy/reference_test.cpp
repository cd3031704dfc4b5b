// SPDX-License-Identifier: Apache-2.0
// The reference is read by people who copy from it: each of its YAML examples loads without a word.
#include <gtest/gtest.h>

#include "vocabulary.h"

namespace sluice::policy {
namespace {

std::vector<std::string> yaml_blocks(const std::string& page) {
  constexpr std::string_view kOpen = "```yaml\n";
  constexpr std::string_view kClose = "```\n";
  std::vector<std::string> out;
  for (std::size_t at = page.find(kOpen); at != std::string::npos; at = page.find(kOpen, at)) {
    at += kOpen.size();
    const std::size_t end = page.find(kClose, at);
    EXPECT_NE(end, std::string::npos);
    out.push_back(page.substr(at, end - at));
  }
  return out;
}

const std::string kPage = std::string{SLUICE_SOURCE_DIR} + "/docs/policy-reference.md";

TEST(Reference, every_example_loads_without_a_word) {
  const std::vector<std::string> blocks = yaml_blocks(file_text(kPage));
  EXPECT_GE(blocks.size(), 8U);
  for (const std::string& block : blocks) EXPECT_EQ(joined(load(block, "example")), "") << block;
}

TEST(Reference, names_every_key_of_the_language) {
  const std::string page = file_text(kPage);
  for (const char* key :
       {"version",    "mode",  "data",     "senders",   "destinations", "flows",  "connections", "violations",
        "failure",    "tests", "detector", "pattern",   "check",        "near",   "words",       "at_least",
        "exe",        "args",  "unit",     "cgroup",    "user",         "group",  "network",     "port",
        "name",       "from",  "to",       "encrypted", "purpose",      "daemon", "overload",    "opaque",
        "hold_limit", "send",  "expect",   "finds",     "deny"})
    EXPECT_TRUE(page.contains("`" + std::string{key} + "`") || page.contains(std::string{key} + ": ")) << key;
}

}  // namespace
}  // namespace sluice::policy
