// SPDX-License-Identifier: Apache-2.0
// Server and client over a real unix socket.
#include "control/control_socket.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "control/control_client.h"
#include "control/unix_address.h"

namespace sluice::control {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
namespace asio = boost::asio;

class Control : public testing::Test {
 protected:
  template <class F>
  auto on_io(F function) {
    std::packaged_task<decltype(function())()> task{std::move(function)};
    auto result = task.get_future();
    asio::post(io_, [&task] { task(); });
    return result.get();
  }

  void SetUp() override {
    char name[] = "/tmp/sluice-control-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    dir_ = name;
    options_.path = dir_ + "/control.sock";
    thread_ = std::thread{[this] { io_.run(); }};
  }

  void TearDown() override {
    on_io([this] { socket_.reset(); });
    work_.reset();
    thread_.join();
    std::filesystem::remove_all(dir_);
  }

  void listen(Handler handler) {
    on_io([&] {
      auto made = ControlSocket::listen(io_, options_, std::move(handler));
      ASSERT_TRUE(made) << made.error().message();
      socket_ = std::move(*made);
    });
  }

  ControlClient connect() {
    auto client = ControlClient::connect(options_.path);
    EXPECT_TRUE(client) << client.error().message();
    return std::move(*client);
  }

  ControlCounters counters() {
    return on_io([this] { return socket_->counters(); });
  }

  static void echo(const Request& request, const Reply& reply) {
    reply({{"ok", true}, {"cmd", request.command}});
  }

  std::string dir_;
  ControlOptions options_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<ControlSocket> socket_;
  std::thread thread_;
};

TEST_F(Control, AnswersOneRequestAfterAnother) {
  listen(&echo);
  ControlClient client = connect();
  for (const char* command : {"status", "doctor", "reload"}) {
    const auto reply = client.ask({{"cmd", command}});
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ((*reply)["cmd"], command);
  }
  EXPECT_EQ(counters().requests, 3U);
}

TEST_F(Control, TheReplyMayComeLaterAndFromAnotherThread) {
  std::thread pipeline;
  listen([&](const Request&, Reply reply) {
    pipeline = std::thread{[reply = std::move(reply)] {
      reply({{"ok", true}, {"first", true}});
      reply({{"ok", true}, {"first", false}});
    }};
  });
  ControlClient client = connect();
  EXPECT_EQ((*client.ask({{"cmd", "status"}}))["first"], true);
  pipeline.join();
  EXPECT_FALSE(client.next(10ms)) << "only the first reply counts";
}

TEST_F(Control, HandsOverWhoAsks) {
  std::promise<Peer> seen;
  listen([&](const Request& request, const Reply& reply) {
    seen.set_value(request.peer);
    reply({{"ok", true}});
  });
  (void)connect().ask({{"cmd", "status"}});
  EXPECT_EQ(seen.get_future().get().pid, Tgid{static_cast<std::uint32_t>(getpid())});
}

TEST_F(Control, SocketIsForOwnerAndGroupOnly) {
  listen(&echo);
  struct stat status {};
  ASSERT_EQ(stat(options_.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

struct Malformed {
  const char* name;
  const char* line;
};
class MalformedRequest : public Control, public testing::WithParamInterface<Malformed> {};

TEST_P(MalformedRequest, IsRefusedWithAReasonAndTheConnectionGoesOn) {
  listen(&echo);
  auto raw = connect_unix(options_.path);
  ASSERT_TRUE(raw);
  const std::string lines = std::string{GetParam().line} + "\n{\"cmd\":\"status\"}\n";
  ASSERT_EQ(write(raw->get(), lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  std::string input;
  char piece[4096];
  while (std::ranges::count(input, '\n') < 2) {
    const ssize_t n = read(raw->get(), piece, sizeof piece);
    ASSERT_GT(n, 0);
    input.append(piece, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(json::parse(input.substr(0, input.find('\n')))["ok"], false);
  EXPECT_EQ(json::parse(input.substr(input.find('\n') + 1))["ok"], true);
  EXPECT_EQ(counters().bad_requests, 1U);
}

INSTANTIATE_TEST_SUITE_P(Lines, MalformedRequest,
                         testing::Values(Malformed{"no_json", "hello"}, Malformed{"empty", ""},
                                         Malformed{"no_object", "[1]"}, Malformed{"no_command", "{}"},
                                         Malformed{"command_is_no_text", R"({"cmd":1})"},
                                         Malformed{"bad_utf8", "{\"cmd\":\"\xff\"}"}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(Control, RefusesARequestThatIsTooLarge) {
  listen(&echo);
  ControlClient client = connect();
  const auto reply = client.ask({{"cmd", "status"}, {"padding", std::string(100'000, 'x')}});
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ((*reply)["ok"], false);
  EXPECT_NE((*reply)["error"].get<std::string>().find("larger than 65536"), std::string::npos);
  EXPECT_EQ(counters().bad_requests, 1U);
}

TEST_F(Control, ClosesAClientThatSaysNothing) {
  options_.idle_timeout = 20ms;
  listen(&echo);
  ControlClient client = connect();
  const auto end = client.next(30s);
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_FALSE(end->has_value());
}

TEST_F(Control, RefusesOneClientTooMany) {
  options_.max_clients = 2;
  listen(&echo);
  ControlClient first = connect();
  ControlClient second = connect();
  ASSERT_TRUE(first.ask({{"cmd", "a"}}) && second.ask({{"cmd", "b"}}));
  ControlClient third = connect();
  const auto reply = third.ask({{"cmd", "c"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["ok"], false);
  EXPECT_EQ(counters().refused_clients, 1U);
  EXPECT_TRUE(first.ask({{"cmd", "a"}}));
}

/// Runs `function` as another user: credentials are a thread's own when set by the bare system call.
template <class F>
void as_user(uid_t uid, gid_t gid, std::vector<gid_t> groups, F function) {
  std::thread{[&] {
    ASSERT_EQ(syscall(SYS_setgroups, groups.size(), groups.data()), 0);
    ASSERT_EQ(syscall(SYS_setresgid, gid, gid, gid), 0);
    ASSERT_EQ(syscall(SYS_setresuid, uid, uid, uid), 0);
    function();
  }}.join();
}

constexpr uid_t kNobody = 65'534;
constexpr gid_t kDaemonGroup = 1;  // group "daemon" of every Debian

TEST_F(Control, RefusesAStrangerEvenIfTheFileModeLetsHimIn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  options_.group = "daemon";
  listen(&echo);
  ASSERT_EQ(chmod(options_.path.c_str(), 0666), 0);
  ASSERT_EQ(chmod(dir_.c_str(), 0755), 0);
  as_user(kNobody, kNobody, {}, [&] {
    const auto reply = connect().ask({{"cmd", "status"}});
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ((*reply)["ok"], false);
    EXPECT_NE((*reply)["error"].get<std::string>().find("permission denied"), std::string::npos);
  });
  EXPECT_EQ(counters().refused_peers, 1U);
  EXPECT_EQ(counters().requests, 0U);
}

TEST_F(Control, LetsAMemberOfTheGroupIn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  options_.group = "daemon";
  listen(&echo);
  ASSERT_EQ(chmod(dir_.c_str(), 0755), 0);
  as_user(kNobody, kNobody, {kDaemonGroup}, [&] {
    const auto reply = connect().ask({{"cmd", "status"}});
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ((*reply)["ok"], true);
  });
}

TEST_F(Control, ReplacesASocketThatNobodyListensOn) {
  {
    const auto address = unix_address(options_.path);
    const UniqueFd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    ASSERT_EQ(bind(dead.get(), address->data(), UnixAddress::size()), 0);
  }
  listen(&echo);
  EXPECT_TRUE(connect().ask({{"cmd", "status"}}));
}

TEST_F(Control, LeavesASocketInUseAlone) {
  listen(&echo);
  on_io([&] {
    const auto second = ControlSocket::listen(io_, options_, &echo);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code.value(), EADDRINUSE);
  });
  EXPECT_TRUE(connect().ask({{"cmd", "status"}}));
}

TEST_F(Control, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream{options_.path} << "precious";
  on_io([&] { EXPECT_FALSE(ControlSocket::listen(io_, options_, &echo)); });
  EXPECT_TRUE(std::filesystem::is_regular_file(options_.path));
}

TEST_F(Control, RemovesItsSocketAtTheEnd) {
  listen(&echo);
  ControlClient client = connect();
  ASSERT_TRUE(client.ask({{"cmd", "status"}}));
  on_io([this] { socket_.reset(); });
  EXPECT_FALSE(std::filesystem::exists(options_.path));
  EXPECT_FALSE(client.next(30s)->has_value());
}

TEST_F(Control, FollowersGetTheReplyFirstAndThenEveryRecordInOrder) {
  Reply held;
  std::promise<void> asked;
  listen([&](const Request&, Reply reply) {
    held = std::move(reply);
    asked.set_value();
  });
  ControlClient client = connect();
  auto reply = std::async(std::launch::async, [&] {
    return client.ask({{"cmd", "findings"}, {"follow", true}});
  });
  asked.get_future().wait();
  socket_->publish({{"n", 1}});  // between the request and its reply: must not be lost
  on_io([&] { held({{"ok", true}, {"findings", json::array()}}); });
  EXPECT_EQ((*reply.get())["ok"], true);
  socket_->publish({{"n", 2}});
  EXPECT_EQ((**client.next(30s))["n"], 1);
  EXPECT_EQ((**client.next(30s))["n"], 2);
}

TEST_F(Control, OthersGetNothingPublished) {
  listen(&echo);
  ControlClient client = connect();
  ASSERT_TRUE(client.ask({{"cmd", "findings"}}));
  socket_->publish({{"n", 1}});
  EXPECT_EQ((*client.ask({{"cmd", "status"}}))["cmd"], "status");
}

TEST_F(Control, DropsAndCountsAFollowerThatDoesNotRead) {
  options_.max_backlog = 64U << 10U;
  listen(&echo);
  ControlClient slow = connect();
  ASSERT_TRUE(slow.ask({{"cmd", "findings"}, {"follow", true}}));
  const json record = {{"text", std::string(1000, 'x')}};
  for (int i = 0; i < 10'000; ++i) socket_->publish(record);  // 10 MB: more than any socket buffer
  EXPECT_EQ(counters().dropped_followers, 1U);
  EXPECT_EQ(on_io([this] { return socket_->clients(); }), 0U);
  ControlClient other = connect();
  EXPECT_TRUE(other.ask({{"cmd", "status"}})) << "the others go on";
}

TEST(ControlClient, SaysThatNobodyListens) {
  const auto client = ControlClient::connect("/nonexistent/control.sock");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code.value(), ENOENT);
}

TEST(ControlClient, RefusesAPathThatIsTooLong) {
  EXPECT_EQ(ControlClient::connect(std::string(200, 'x')).error().code.value(), ENAMETOOLONG);
}

}  // namespace
}  // namespace sluice::control
