// SPDX-License-Identifier: Apache-2.0
// Detectors on files, with no kernel and no daemon: the way to try a detector or a policy's data classes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <set>

#include "alert/redact.h"
#include "base/unique_fd.h"
#include "cli/content_scan.h"
#include "cli/invocation.h"
#include "cli/policy_loading.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

constexpr std::size_t kPiece = 64U << 10U;

struct ScanOptions {
  std::vector<std::string> files;
  std::vector<std::string> policies;
};

/// What was found over all files.
struct Totals {
  std::uint64_t matches = 0;
  std::set<std::pair<DataClassId, Fingerprint>> distinct;
  bool failed = false;
};

/// Every detector of the catalogue as a data class of its own name.
std::vector<DataClassSpec> catalogue_classes() {
  std::vector<DataClassSpec> out;
  for (const detect::CatalogueEntry& entry : detect::catalogue()) {
    DataClassSpec spec;
    spec.name = entry.name;
    spec.detectors = {std::string{entry.name}};
    out.push_back(std::move(spec));
  }
  return out;
}

class FileScan {
 public:
  FileScan(const Invocation& invocation, std::span<const DataClassSpec> classes,
           const detect::DetectorSet& detectors)
      : invocation_{invocation}, classes_{classes}, detectors_{detectors} {}

  [[nodiscard]] Result<> scan(const std::string& file) {
    const bool standard_input = file == "-";
    const UniqueFd opened{standard_input ? -1 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!standard_input && !opened) return fail(errno, file);
    const int fd = standard_input ? STDIN_FILENO : opened.get();
    ContentScan content{detectors_};
    std::vector<ScanMatch> found;
    while (true) {
      const ssize_t n = ::read(fd, piece_.data(), piece_.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(errno, file);
      if (n == 0) break;
      content.feed(Bytes{piece_.data(), static_cast<std::size_t>(n)}, found);
      tell(file, found);
    }
    content.end(found);
    tell(file, found);
    return {};
  }

  Totals totals;

 private:
  void tell(const std::string& file, std::vector<ScanMatch>& found) {
    // Detectors go over a piece one after the other; readers go down a file.
    std::ranges::stable_sort(found, {}, [](const ScanMatch& one) { return one.match.begin; });
    for (const ScanMatch& one : found) {
      ++totals.matches;
      totals.distinct.emplace(one.match.data_class, one.match.fingerprint);
      invocation_.json ? tell_json(file, one) : tell_line(file, one);
    }
    found.clear();
  }

  [[nodiscard]] const std::string& class_of(const Match& match) const {
    return classes_[static_cast<std::size_t>(match.data_class)].name;
  }

  void tell_line(const std::string& file, const ScanMatch& one) const {
    std::cout << fmt::format("{}:{}: {} {} {}", alert::printable(file), one.match.begin, class_of(one.match),
                             one.match.detector, alert::printable(one.match.masked));
    if (one.location != "raw") std::cout << " in " << alert::redact_args(one.location);
    std::cout << '\n';
  }

  void tell_json(const std::string& file, const ScanMatch& one) const {
    print_json({{"file", alert::printable(file)},
                {"offset", one.match.begin},
                {"length", one.match.end - one.match.begin},
                {"location", alert::redact_args(one.location)},
                {"data_class", class_of(one.match)},
                {"detector", one.match.detector},
                {"masked", alert::printable(one.match.masked)}});
  }

  const Invocation& invocation_;
  std::span<const DataClassSpec> classes_;
  const detect::DetectorSet& detectors_;
  std::vector<std::uint8_t> piece_ = std::vector<std::uint8_t>(kPiece);
};

int scan_files(const Invocation& invocation, const ScanOptions& options,
               std::span<const DataClassSpec> classes) {
  const auto key = key_of_this_run();
  auto detectors = key ? detect::DetectorSet::compile(classes, *key) : std::unexpected{key.error()};
  if (!detectors) {
    std::cerr << "sluice: " << detectors.error().message() << '\n';
    return ExitCode::usage;
  }
  FileScan scan{invocation, classes, *detectors};
  for (const std::string& file : options.files) {
    if (const auto scanned = scan.scan(file); !scanned) {
      std::cerr << "sluice: " << alert::printable(scanned.error().message()) << '\n';
      scan.totals.failed = true;
    }
  }
  std::cout << std::flush;
  if (!invocation.json)
    std::cerr << fmt::format("{} match{}, {} distinct value{}\n", scan.totals.matches,
                             scan.totals.matches == 1 ? "" : "es", scan.totals.distinct.size(),
                             scan.totals.distinct.size() == 1 ? "" : "s");
  if (scan.totals.failed) return ExitCode::usage;
  return scan.totals.matches > 0 ? ExitCode::findings : ExitCode::fine;
}

int run(const Invocation& invocation, const ScanOptions& options) {
  if (options.policies.empty()) return scan_files(invocation, options, catalogue_classes());
  const CheckedPolicy checked = check_policy(options.policies);
  print_diagnostics(checked);
  if (!checked.policy) return ExitCode::usage;
  return scan_files(invocation, options, checked.policy->data);
}

}  // namespace

void add_scan(CLI::App& app, Invocation& invocation) {
  CLI::App* command = subcommand(
      app, invocation, "scan", "Run decoders and detectors on files; needs no daemon and no kernel",
      "Prints FILE:OFFSET: data class, detector, masked value; never the value itself. Every single value is "
      "told,\n"
      "whatever 'at_least' of the policy says. Exit code 0 if nothing was found, 1 if something was.\n\n"
      "Examples:\n  sluice scan dump.sql\n  mysqldump shop | sluice scan -\n"
      "  sluice scan --policy policy.yaml export.csv --json");
  const auto options = std::make_shared<ScanOptions>();
  command->add_option("files", options->files, "Files to read; - is standard input")
      ->required()
      ->type_name("FILE|-");
  command
      ->add_option("--policy", options->policies,
                   "Look for the data classes of this policy instead of the whole catalogue")
      ->type_name("FILE|DIR")
      ->allow_extra_args(false);
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return run(invocation, *options); };
  });
}

}  // namespace sluice::cli
