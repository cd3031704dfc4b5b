// SPDX-License-Identifier: Apache-2.0
#include "app.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>

#include "alert/incidents.h"
#include "alert/sinks/file_sink.h"
#include "alert/sinks/journald_sink.h"
#include "alert/sinks/sink_queue.h"
#include "alert/sinks/terminal_sink.h"
#include "app_status.h"
#include "capture/cgroup.h"
#include "capture/kernel_support.h"
#include "control/control_socket.h"
#include "inspection.h"
#include "policy_files.h"

namespace sluice {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kTick{1};
constexpr std::size_t kMaxFindingsUnderWay = 10'000;  // between the inspection thread and the main thread

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
    seed = static_cast<std::uint64_t>(getpid());
  return seed;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

void set_up_log(LogLevel level) {
  constexpr std::array kLevels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                               spdlog::level::err};
  auto log = spdlog::stderr_logger_mt("sluiced");
  log->set_pattern("%v");  // journald adds the rest; a line stays a line that scripts can wait for
  log->set_level(kLevels.at(static_cast<std::size_t>(level)));
  log->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(log));
}

json to_json(const policy::Diagnostic& diagnostic) {
  return {{"severity", diagnostic.severity == policy::Severity::error ? "error" : "warning"},
          {"file", diagnostic.file},
          {"line", diagnostic.line},
          {"column", diagnostic.column},
          {"message", diagnostic.message},
          {"text", diagnostic.to_string()}};
}

Result<> make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail(errno, "make '" + path + "'");
  return {};
}

/// Without root every probe fails, which says nothing about the kernel.
void explain_lack() {
  if (geteuid() != 0) return spdlog::error("sluiced must run as root: it loads BPF programs");
  for (const KernelFeature& feature : capture::probe_kernel())
    if (feature.required && !feature.present)
      spdlog::error("this kernel lacks {}: {}", feature.name, feature.detail);
}

}  // namespace

struct App::Parts {
  explicit Parts(Settings s) : settings{std::move(s)}, mode{settings.mode} {}

  // --- policy
  struct Loading {
    std::shared_ptr<const ActivePolicy> active;  // null: the diagnostics say why
    std::vector<policy::Diagnostic> diagnostics;
  };
  Loading load_policies() const {
    const auto texts = read_policy_texts(settings.policies);
    if (!texts) return {nullptr, {{.file = "policy", .message = texts.error().message()}}};
    policy::LoadedPolicy loaded = policy::load_policy(*texts, vocabulary());
    Loading loading{nullptr, std::move(loaded.diagnostics)};
    if (!loaded.policy) return loading;
    auto ready = activate(loaded.policy, mode, key);
    if (ready)
      loading.active = std::move(*ready);
    else
      loading.diagnostics.push_back({.file = "policy", .message = ready.error().message()});
    return loading;
  }
  static void log_diagnostics(const std::vector<policy::Diagnostic>& diagnostics) {
    for (const policy::Diagnostic& diagnostic : diagnostics) spdlog::warn("{}", diagnostic.to_string());
  }

  [[nodiscard]] int start();
  [[nodiscard]] Result<> open_sinks();
  [[nodiscard]] Result<> open_control();
  void reload(std::function<void(json)> reply);
  void adopt(const std::shared_ptr<const ActivePolicy>& next, std::function<void(Result<>)> done);
  void set_mode(const json& request, std::function<void(json)> reply);
  void tell(std::vector<Finding> findings);
  void report(Finding finding);
  void tick();
  void watch_coverage(const InspectionStatus& now);
  void wait_for_signals();
  void answer(const control::Request& request, const control::Reply& reply);
  [[nodiscard]] json findings(const json& request) const;
  [[nodiscard]] json show(const json& request) const;
  void stop();

  Settings settings;
  std::optional<Mode> mode;  // by argument or `sluice mode`, over the policy's own
  detect::FingerprintKey key{};
  alert::Host host{host_name()};
  boost::asio::io_context io;
  boost::asio::signal_set signals{io};
  boost::asio::steady_timer timer{io};
  alert::Incidents incidents{random_seed()};
  std::unique_ptr<alert::SinkQueue> sinks;
  std::vector<alert::FileSink*> files;  // owned by the queue; for SIGHUP
  std::unique_ptr<control::ControlSocket> control;
  std::unique_ptr<Inspection> inspection;
  std::shared_ptr<const ActivePolicy> active;
  StatusFacts facts;
  std::atomic<std::size_t> findings_under_way{0};
  std::atomic<std::uint64_t> findings_dropped{0};
  std::vector<enforce::GateDrop> told_drops;
};

App::App(Settings settings) : parts_{std::make_unique<Parts>(std::move(settings))} {
  set_up_log(parts_->settings.log_level);
}
App::~App() = default;

int App::check() {
  const Parts::Loading loading = parts_->load_policies();
  Parts::log_diagnostics(loading.diagnostics);
  return loading.active ? kExitFine : kExitUsage;
}

int App::run() {
  if (const int code = parts_->start(); code != kExitFine) return code;
  spdlog::info("ready");
  sd_notify(0, "READY=1");
  parts_->io.run();
  sd_notify(0, "STOPPING=1");
  parts_->stop();
  return kExitFine;
}

int App::Parts::start() {
  const auto failed = [](const Error& error, int code) {
    spdlog::error("error: {}", error.message());
    return code;
  };
  if (auto sane = detect::engine_self_test(); !sane) return failed(sane.error(), kExitKernel);
  if (auto made = make_directory(settings.state, 0700); !made) return failed(made.error(), kExitUsage);
  auto loaded_key = load_fingerprint_key(settings.state);
  if (!loaded_key) return failed(loaded_key.error(), kExitUsage);
  key = *loaded_key;
  Loading loading = load_policies();
  log_diagnostics(loading.diagnostics);
  if (!loading.active) return kExitUsage;
  active = loading.active;
  facts.policy_loaded(settings.policies, std::chrono::system_clock::now());
  if (auto opened = open_sinks(); !opened) return failed(opened.error(), kExitUsage);
  if (!settings.cgroup.empty())
    if (auto cgroup = capture::open_cgroup(settings.cgroup); !cgroup)
      return failed(cgroup.error(), kExitUsage);

  capture::set_libbpf_log([](const char* line) { spdlog::debug("libbpf: {}", line); });
  const InspectionSettings wanted{
      .kernel = {.cgroup = settings.cgroup,
                 .ring_bytes = static_cast<std::uint32_t>(settings.ring_bytes),
                 .max_flows = settings.max_flows,
                 .heartbeat_limit_ns =
                     static_cast<std::uint64_t>(std::chrono::nanoseconds{settings.heartbeat_timeout}.count()),
                 .watch_loopback = settings.loopback == Loopback::watch},
      .pin_directory = pin_directory(settings.state)};
  auto made = Inspection::create(wanted, active, [this](Finding finding) { report(std::move(finding)); });
  if (!made) {
    explain_lack();
    return failed(made.error(), kExitKernel);
  }
  inspection = std::move(*made);
  if (auto opened = open_control(); !opened) return failed(opened.error(), kExitUsage);
  if (auto started = inspection->start(); !started) return failed(started.error(), kExitKernel);
  spdlog::info("sluiced {}: {} mode, policy {}, kernel {}", facts.version(), to_string(active->mode),
               active->policy->hash, facts.kernel());
  wait_for_signals();
  tick();
  return kExitFine;
}

Result<> App::Parts::open_sinks() {
  std::vector<std::unique_ptr<alert::Sink>> opened;
  for (const std::string& path : settings.findings.files) {
    auto file = alert::FileSink::open(path);
    if (!file) return std::unexpected{std::move(file.error())};
    files.push_back(file->get());
    opened.push_back(std::move(*file));
  }
  const TerminalFindings terminal = settings.findings.terminal;
  if (terminal == TerminalFindings::yes ||
      (terminal == TerminalFindings::automatic && isatty(STDOUT_FILENO) == 1))
    opened.push_back(std::make_unique<alert::TerminalSink>(stdout));
  if (settings.findings.journald) opened.push_back(std::make_unique<alert::JournaldSink>());
  sinks = std::make_unique<alert::SinkQueue>(std::make_unique<alert::Sinks>(host, std::move(opened)));
  return {};
}

Result<> App::Parts::open_control() {
  const std::size_t slash = settings.control.socket.rfind('/');
  if (slash != std::string::npos && slash != 0)
    if (auto made = make_directory(settings.control.socket.substr(0, slash), 0755); !made) return made;
  auto listening = control::ControlSocket::listen(
      io, {.path = settings.control.socket, .group = settings.control.group},
      [this](const control::Request& request, const control::Reply& reply) { answer(request, reply); });
  if (!listening) return std::unexpected{std::move(listening.error())};
  control = std::move(*listening);
  return {};
}

// --- findings: inspection thread -> main thread -> incidents -> sinks and followers

void App::Parts::report(Finding finding) {
  if (findings_under_way.fetch_add(1) >= kMaxFindingsUnderWay) {
    findings_under_way.fetch_sub(1);
    findings_dropped.fetch_add(1);
    return;
  }
  boost::asio::post(io, [this, finding = std::move(finding)]() mutable {
    findings_under_way.fetch_sub(1);
    facts.count(finding.decision.verdict);
    tell(incidents.report(std::move(finding), std::chrono::system_clock::now()));
  });
}

void App::Parts::tell(std::vector<Finding> findings) {
  for (Finding& finding : findings) {
    if (control) control->publish(alert::finding_record(finding, host));
    sinks->push(std::move(finding));
  }
}

void App::Parts::tick() {
  tell(incidents.expire(std::chrono::system_clock::now()));
  inspection->status([this](const InspectionStatus& status) {
    boost::asio::post(io, [this, status] {
      // The watchdog speaks for the inspection thread, since this answer came from it.
      sd_notify(0, "WATCHDOG=1");
      watch_coverage(status);
    });
  });
  timer.expires_after(kTick);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

/// Bytes that passed unread, and packets refused because of trouble of our own, are findings of their own
/// kind.
void App::Parts::watch_coverage(const InspectionStatus& now) {
  for (const CoverageLoss& loss : coverage_losses(told_drops, now.gate.drops)) {
    Finding finding;
    finding.kind = FindingKind::coverage;
    finding.first = finding.last = std::chrono::system_clock::now();
    finding.mode = active->mode;
    finding.decision = {
        .verdict = Verdict::alert, .rule = std::string{loss.rule}, .nearest = {}, .reason = loss.sentence};
    finding.policy_hash = active->policy->hash;
    facts.count(Verdict::alert);
    tell(incidents.report(std::move(finding), std::chrono::system_clock::now()));
  }
  told_drops = now.gate.drops;
}

// --- policy changes

void App::Parts::adopt(const std::shared_ptr<const ActivePolicy>& next, std::function<void(Result<>)> done) {
  inspection->adopt(next, [this, next, done = std::move(done)](Result<> result) {
    boost::asio::post(io, [this, next, done, result = std::move(result)] {
      if (result) {
        active = next;
        facts.policy_loaded(settings.policies, std::chrono::system_clock::now());
      }
      done(result);
    });
  });
}

void App::Parts::reload(std::function<void(json)> reply) {
  sd_notify(0, "RELOADING=1");
  Loading loading = load_policies();
  log_diagnostics(loading.diagnostics);
  json answer{{"ok", false}, {"diagnostics", json::array()}};
  for (const policy::Diagnostic& diagnostic : loading.diagnostics)
    answer["diagnostics"].push_back(to_json(diagnostic));
  if (!loading.active) {
    spdlog::error("error: the new policy has mistakes; policy {} stays in force", active->policy->hash);
    answer["error"] = "the new policy has mistakes; the running one stays in force";
    answer["policy"] = facts.policy_json(*active->policy);
    sd_notify(0, "READY=1");
    return reply(std::move(answer));
  }
  adopt(loading.active, [this, answer = std::move(answer),
                         reply = std::move(reply)](const Result<>& result) mutable {
    answer["ok"] = result.has_value();
    if (!result) answer["error"] = result.error().message();
    answer["policy"] = facts.policy_json(*active->policy);
    if (result)
      spdlog::info("policy {} is in force, {} mode", active->policy->hash, to_string(active->mode));
    else
      spdlog::error("error: {}; policy {} stays in force", result.error().message(), active->policy->hash);
    sd_notify(0, "READY=1");
    reply(std::move(answer));
  });
}

void App::Parts::set_mode(const json& request, std::function<void(json)> reply) {
  const std::string wanted = request.value("set", "");
  if (wanted != "observe" && wanted != "enforce")
    return reply(control::error_reply("set: observe or enforce"));
  const Mode next = wanted == "enforce" ? Mode::enforce : Mode::observe;
  auto changed = activate(active->policy, next, key);
  if (!changed) return reply(control::error_reply(changed.error().message()));
  adopt(*changed, [this, next, reply = std::move(reply)](const Result<>& result) {
    if (!result) return reply(control::error_reply(result.error().message()));
    mode = next;
    spdlog::info("{} mode is in force", to_string(next));
    reply({{"ok", true}, {"mode", to_string(next)}});
  });
}

// --- control

json App::Parts::findings(const json& request) const {
  const std::size_t limit = request.value("limit", std::size_t{100});
  json records = json::array();
  for (const Finding& finding : incidents.snapshot(limit))
    records.push_back(alert::finding_record(finding, host));
  return {{"ok", true}, {"findings", std::move(records)}};
}

json App::Parts::show(const json& request) const {
  const auto finding = incidents.find(request.value("id", ""));
  if (!finding) return control::error_reply("no such finding; `sluice findings` lists the recent ones");
  return {{"ok", true}, {"finding", alert::finding_record(*finding, host)}};
}

void App::Parts::answer(const control::Request& request, const control::Reply& reply) try {
  const std::string& command = request.command;
  if (command == "findings") return reply(findings(request.body));
  if (command == "show") return reply(show(request.body));
  if (command == "reload") return reload(reply);
  if (command == "mode") return set_mode(request.body, reply);
  if (command == "doctor") return reply(facts.doctor_json(capture::probe_kernel()));
  if (command != "status") return reply(control::error_reply("unknown command '" + command + "'"));
  inspection->status([this, reply](const InspectionStatus& status) {
    boost::asio::post(io, [this, reply, status] {
      reply(facts.status_json(
          *active, status, sinks->status(), *control,
          {.dropped = findings_dropped + sinks->dropped(), .closed_early = incidents.closed_early()}));
    });
  });
} catch (const json::exception&) {
  reply(control::error_reply("a value of the request has the wrong type"));
}

// --- signals and the end

void App::Parts::wait_for_signals() {
  boost::system::error_code ignored;
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) signals.add(number, ignored);
  signals.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGHUP) return io.stop();
    for (alert::FileSink* file : files)
      if (auto reopened = file->reopen(); !reopened) spdlog::error("error: {}", reopened.error().message());
    reload([](const json&) {});
    signals.clear();
    wait_for_signals();
  });
}

void App::Parts::stop() {
  control.reset();
  inspection->stop();  // the last findings are posted here
  io.restart();
  io.poll();
  tell(incidents.close_all());
  sinks.reset();
}

}  // namespace sluice
