// SPDX-License-Identifier: Apache-2.0
// Policy text: whatever is written, load_policy returns the same answer twice, points into the text, and a
// policy it gives out can be asked. Two files: the text is cut at its first byte 0x1e.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "policy/compile.h"
#include "policy/decide.h"
#include "policy/policy_test.h"
#include "policy/policy_yaml.h"

namespace {

using namespace sluice;
using namespace sluice::policy;

void require(bool holds) {
  if (!holds) std::abort();
}

const Vocabulary& vocabulary() {
  static const Vocabulary words{
      .detectors = {"payment_card", "email", "us_ssn", "iban", "phone"},
      .checks = {"luhn", "mod97"},
      .pattern_error = [](const PatternSpec& pattern) -> std::optional<std::string> {
        if (pattern.expression.find('(') == std::string::npos) return std::nullopt;
        return "bad";
      }};
  return words;
}

std::vector<std::string> told(const LoadedPolicy& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : loaded.diagnostics) out.push_back(diagnostic.to_string());
  return out;
}

void require_in_text(const Diagnostic& diagnostic, const std::vector<PolicyText>& texts) {
  const auto text = std::ranges::find(texts, diagnostic.file, &PolicyText::file);
  require(text != texts.end());
  const auto lines = std::ranges::count(text->text, '\n') + 1;
  require(diagnostic.line >= 0 && diagnostic.line <= lines && diagnostic.column >= 0);
  require(!diagnostic.message.empty() && diagnostic.message.find('\n') == std::string::npos);
}

/// A flow that is trusted carries no violation, one that is not held no block, whatever its data.
void require_agreement(const Policy& policy, const Sender& sender, const Destination& destination) {
  const FlowState state = classify(policy, Mode::enforce, sender, destination);
  for (std::size_t i = 0; i < policy.data.size(); ++i) {
    for (const bool encrypted : {false, true}) {
      const Facts facts{.sender = sender,
                        .destination = destination,
                        .data_class = DataClassId{static_cast<std::uint16_t>(i)},
                        .encrypted = encrypted};
      const Decision decision = decide(policy, Mode::enforce, facts);
      require(state != FlowState::trusted || decision.verdict == Verdict::allow);
      require(state == FlowState::held || decision.verdict != Verdict::block);
      require(!decision.rule.empty() && !decision.reason.empty());
    }
  }
}

void require_answers(const Policy& policy) {
  require(policy.violations.size() == policy.data.size() && policy.hash.size() == 12);
  for (const DeniedNetwork& entry : compile_connections(policy))
    require(entry.ports.size() <= DeniedNetwork::kMaxPorts && entry.all_ports == entry.ports.empty());
  Sender sender;
  sender.exe = "/usr/bin/curl";
  sender.user = "etl";
  require_agreement(policy, sender, {.endpoint = {*IpAddress::parse("10.1.2.3"), 443}, .name = "a.example"});
  for (const PolicyTest& test : policy.tests)
    require_agreement(policy, test_sender(test), test_destination(test));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::size_t cut = input.find('\x1e');
  std::vector<PolicyText> texts{{"a.yaml", std::string{input.substr(0, cut)}}};
  if (cut != std::string_view::npos) texts.push_back({"b.yaml", std::string{input.substr(cut + 1)}});
  const LoadedPolicy loaded = load_policy(texts, vocabulary());
  const LoadedPolicy again = load_policy(texts, vocabulary());
  require(told(loaded) == told(again) && (loaded.policy == nullptr) == (again.policy == nullptr));
  const bool any_error = std::ranges::any_of(
      loaded.diagnostics, [](const Diagnostic& d) { return d.severity == Severity::error; });
  require(any_error == (loaded.policy == nullptr));
  for (const Diagnostic& diagnostic : loaded.diagnostics) require_in_text(diagnostic, texts);
  if (loaded.policy) require_answers(*loaded.policy);
  return 0;
}
