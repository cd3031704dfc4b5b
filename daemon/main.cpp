// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "app.h"
#include "arguments.h"

namespace {

/// Captured data must not be read from a core dump, nor by a debugger of another user.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

int main(int argc, char** argv) {
  forbid_core_dumps();
  const auto arguments = sluice::parse_arguments(argc, argv);
  if (!arguments) {
    std::fputs(arguments.error().text.c_str(), arguments.error().code == 0 ? stdout : stderr);
    return arguments.error().code;
  }
  const auto loaded = sluice::load_settings(arguments->config);
  for (const auto& diagnostic : loaded.diagnostics)
    std::fprintf(stderr, "%s\n", diagnostic.to_string().c_str());
  if (!loaded.settings) return sluice::kExitUsage;
  sluice::App app{sluice::override_settings(*loaded.settings, *arguments)};
  return arguments->check ? app.check() : app.run();
}
