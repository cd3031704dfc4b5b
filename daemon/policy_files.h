// SPDX-License-Identifier: Apache-2.0
// From policy files on disk to a policy in use: what the daemon and the command line share.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/detector_set.h"
#include "pipeline.h"
#include "policy/policy_yaml.h"

namespace sluice {

/// Reads files, and of directories their *.yaml and *.yml in the order of their names. Fails if a path cannot
/// be read, a file is over 1 MiB or there is no file at all.
[[nodiscard]] Result<std::vector<policy::PolicyText>> read_policy_texts(std::span<const std::string> paths);

/// The words of the detect stage.
[[nodiscard]] policy::Vocabulary vocabulary();

/// Compiles the detectors. `mode` overrides the policy's own.
[[nodiscard]] Result<std::shared_ptr<const ActivePolicy>> activate(
    std::shared_ptr<const policy::Policy> policy, std::optional<Mode> mode,
    const detect::FingerprintKey& key);

/// The key of the value fingerprints: read from `directory`/fingerprint.key, made there (mode 0600) if
/// absent.
[[nodiscard]] Result<detect::FingerprintKey> load_fingerprint_key(const std::string& directory);

}  // namespace sluice
