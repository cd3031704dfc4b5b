// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/invocation.h"
#include "cli/render.h"
#include "detect/detector_set.h"

namespace sluice::cli {
namespace {

int run(const Invocation& invocation) {
  if (invocation.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const detect::CatalogueEntry& entry : detect::catalogue())
      out.push_back({{"name", entry.name},
                     {"summary", entry.summary},
                     {"validation", entry.validation},
                     {"masked", entry.masked}});
    print_json(out);
    return ExitCode::fine;
  }
  std::vector<std::vector<std::string>> rows{{"DETECTOR", "WHAT", "CHECKED BY", "SHOWN AS"}};
  for (const detect::CatalogueEntry& entry : detect::catalogue())
    rows.push_back({std::string{entry.name}, std::string{entry.summary}, std::string{entry.validation},
                    std::string{entry.masked}});
  std::cout << table(rows) << "\nFor 'check:' of a policy's own pattern:";
  for (const std::string_view check : detect::check_names()) std::cout << ' ' << check;
  std::cout << '\n';
  return ExitCode::fine;
}

}  // namespace

void add_detectors(CLI::App& app, Invocation& invocation) {
  CLI::App* command = subcommand(app, invocation, "detectors", "The detectors that a policy can name",
                                 "Example:\n  data: {card: {detector: payment_card}}");
  command->callback([&invocation] { invocation.run = [&invocation] { return run(invocation); }; });
}

}  // namespace sluice::cli
