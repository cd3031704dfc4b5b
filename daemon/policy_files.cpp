// SPDX-License-Identifier: Apache-2.0
#include "policy_files.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/unique_fd.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxPolicyBytes = 1U << 20U;

Result<std::string> read_file(const std::string& path) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return fail(errno, "open '" + path + "'");
  std::string text;
  char block[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), block, sizeof block);
    if (n < 0) return fail(errno, "read '" + path + "'");
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > kMaxPolicyBytes) return fail("'" + path + "' is larger than 1 MiB");
  }
}

Result<std::vector<std::string>> list_policies(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end;
       at.increment(error)) {
    const std::string extension = at->path().extension().string();
    if (extension == ".yaml" || extension == ".yml") files.push_back(at->path().string());
  }
  if (error) return fail(error.value(), "list '" + directory + "'");
  std::ranges::sort(files);
  return files;
}

Result<detect::FingerprintKey> make_key(const std::string& path) {
  detect::FingerprintKey key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return fail(errno, "draw a key");
  const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!fd) return fail(errno, "make '" + path + "'");
  if (::write(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) || fsync(fd.get()) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return fail(error, "write '" + path + "'");
  }
  return key;
}

}  // namespace

Result<std::vector<policy::PolicyText>> read_policy_texts(std::span<const std::string> paths) {
  std::vector<policy::PolicyText> texts;
  for (const std::string& path : paths) {
    std::vector<std::string> files{path};
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
      auto listed = list_policies(path);
      if (!listed) return std::unexpected{std::move(listed.error())};
      files = std::move(*listed);
    }
    for (const std::string& file : files) {
      auto text = read_file(file);
      if (!text) return std::unexpected{std::move(text.error())};
      texts.push_back({.file = file, .text = std::move(*text)});
    }
  }
  if (texts.empty())
    return fail("no policy file in " + (paths.empty() ? "an empty list" : "'" + paths.front() + "'"));
  return texts;
}

policy::Vocabulary vocabulary() {
  policy::Vocabulary words;
  for (const detect::CatalogueEntry& entry : detect::catalogue()) words.detectors.push_back(entry.name);
  for (const std::string_view check : detect::check_names()) words.checks.push_back(check);
  words.pattern_error = [](const PatternSpec& pattern) { return detect::pattern_error(pattern); };
  return words;
}

Result<std::shared_ptr<const ActivePolicy>> activate(std::shared_ptr<const policy::Policy> policy,
                                                     std::optional<Mode> mode,
                                                     const detect::FingerprintKey& key) {
  auto detectors = detect::DetectorSet::compile(policy->data, key);
  if (!detectors) return fail(std::move(detectors.error()), "compile the detectors");
  const Mode in_force = mode.value_or(policy->mode);
  return std::make_shared<const ActivePolicy>(
      ActivePolicy{.policy = std::move(policy), .detectors = std::move(*detectors), .mode = in_force});
}

Result<detect::FingerprintKey> load_fingerprint_key(const std::string& directory) {
  const std::string path = directory + "/fingerprint.key";
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd && errno == ENOENT) return make_key(path);
  if (!fd) return fail(errno, "open '" + path + "'");
  detect::FingerprintKey key{};
  if (::read(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    return fail("'" + path + "' is shorter than a key; remove it to have a new one made");
  return key;
}

}  // namespace sluice
