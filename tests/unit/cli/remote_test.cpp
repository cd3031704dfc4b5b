// SPDX-License-Identifier: Apache-2.0
// The commands that talk to a daemon, against a control socket that answers as one.
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "../control/server_thread.h"
#include "command.h"

namespace sluice {
namespace {

using nlohmann::json;

class Remote : public test::Command {
 protected:
  void SetUp() override {
    Command::SetUp();
    server_.emplace();
    const auto listening =
        server_->listen({.path = dir_ + "/c.sock", .group = {}},
                        [this](const control::Request& request, const control::Reply& reply) {
                          last_ = request.body;
                          reply(answer_);
                        });
    ASSERT_TRUE(listening) << listening.error().message();
  }

  void TearDown() override {
    server_.reset();
    Command::TearDown();
  }

  [[nodiscard]] test::Ran ask(const std::string& arguments) const {
    return sluice("--control " + dir_ + "/c.sock " + arguments);
  }

  json answer_ = {{"ok", true}};
  json last_;
  std::optional<test::ServerThread> server_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Remote, StatusShowsModePolicyLedgerAndDrops) {
  answer_ =
      json::parse(R"({"ok": true, "version": "0.1.0", "kernel": "6.1.0", "mode": "observe", "uptime_s": 90061,
      "policy": {"hash": "8c1f0a6be9d2", "files": ["/etc/p.yaml"], "loaded_at": "2026-11-24T12:03:55Z"},
      "flows": {"open": 12, "held": 1, "watched": 9, "trusted": 2, "blocked": 0},
      "ledger": {"sent": 2048, "inspected": 1024, "opaque": 0, "uninspected": 0, "trusted": 1024},
      "drops": {"ring_full": 3, "too_long": 0}, "findings": {"alert": 2},
      "sinks": [{"name": "file /x", "written": 2, "failed": 1, "last_error": "No space left on device"}],
      "self": {"rss_bytes": 41943040, "events_per_s": 812.5, "cpu_percent": 0.4}})");
  const auto ran = ask("status");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* part :
       {"observe", "8c1f0a6be9d2", "/etc/p.yaml", "12 open: 1 held", "2.0 KiB sent = 1.0 KiB inspected",
        "ring_full 3", "alert 2", "No space left", "up 1d 1h", "40.0 MiB resident"})
    EXPECT_TRUE(has(ran.out, part)) << part << '\n' << ran.out;
  EXPECT_FALSE(has(ran.out, "too_long"));
  EXPECT_EQ(last_["cmd"], "status");
  EXPECT_EQ(json::parse(ask("status --json").out), answer_);
}

TEST_F(Remote, AReplyThatLacksEverythingIsNoCrash) {
  for (const char* command : {"status", "findings", "show 00", "doctor", "mode observe", "reload"})
    EXPECT_EQ(ask(command).code, 0) << command;
}

TEST_F(Remote, FindingsPrintsRecordsReadably) {
  answer_["findings"] =
      json::array({json::parse(R"({"time": 0, "actor": {"process": {"name": "curl", "pid": 7}}, "count": 1,
      "unmapped": {"sluice": {"verdict": "block", "values": 1, "data_class": "card", "masked": ["****1111"],
      "sender": {"user": "alice"}, "destination": {"address": "203.0.113.9", "port": 80}, "flow": {"protocol": "tcp"}}}})")});
  const auto ran = ask("findings --limit 5");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "BLOCKED")) << ran.out;
  EXPECT_TRUE(has(ran.out, "curl[7] (alice) → 203.0.113.9:80 tcp   1 card ****1111"));
  EXPECT_EQ(last_["limit"], 5);
  EXPECT_EQ(json::parse(ask("findings --json").out), answer_["findings"][0]);
}

TEST_F(Remote, FollowPrintsUntilTheDaemonEnds) {
  answer_["findings"] = json::array();
  auto ran = std::async(std::launch::async, [&] { return ask("findings --follow --json"); });
  // Once the request is there the follower gets all that is published.
  while (server_->counters().requests == 0) std::this_thread::yield();
  server_->publish({{"n", 1}});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!has(read(dir_ + "/out"), R"({"n":1})") && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  server_->stop();
  const auto result = ran.get();
  EXPECT_TRUE(has(result.out, R"({"n":1})")) << result.out << result.err;
  EXPECT_EQ(result.code, 2);
}

TEST_F(Remote, ModeAndShowSendWhatWasAsked) {
  answer_["mode"] = "enforce";
  EXPECT_TRUE(has(ask("mode enforce").out, "mode enforce"));
  EXPECT_EQ(last_, (json{{"cmd", "mode"}, {"set", "enforce"}}));
  answer_["finding"] = {{"time", 0}};
  EXPECT_EQ(ask("show 00c0ffee00c0ffee").code, 0);
  EXPECT_EQ(last_["id"], "00c0ffee00c0ffee");
}

TEST_F(Remote, ReloadOfABadPolicyTellsTheMistakesAndEndsWithTwo) {
  answer_ = {{"ok", false},
             {"error", "the policy has mistakes, the running one stays"},
             {"diagnostics", {{{"text", "p.yaml:2:1: unknown key"}}}}};
  const auto ran = ask("reload");
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "p.yaml:2:1: unknown key"));
  EXPECT_TRUE(has(ran.err, "the running one stays"));
}

TEST_F(Remote, DoctorTellsWhatIsMissingAndWhatItCosts) {
  answer_["features"] = json::parse(R"([
      {"name": "BTF", "present": false, "required": true, "detail": "no /sys/kernel/btf", "consequence": "cannot start"},
      {"name": "LSM", "present": false, "required": false, "detail": "EPERM", "consequence": "less polite errors"}])");
  const auto ran = ask("doctor");
  EXPECT_EQ(ran.code, 3);
  EXPECT_TRUE(has(ran.out, "MISSING")) << ran.out;
  EXPECT_TRUE(has(ran.out, "costs: less polite errors"));
  EXPECT_TRUE(has(ran.out, "asked: the daemon"));
}

TEST_F(Remote, WithoutADaemonItSaysWhatToDo) {
  const auto ran = sluice("--control " + dir_ + "/none.sock status");
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "Is the daemon running"));
}

}  // namespace
}  // namespace sluice
