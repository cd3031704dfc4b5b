// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <stdexcept>

#include "alert/finding_record.h"
#include "alert/sinks/file_sink.h"
#include "alert/sinks/journald_sink.h"
#include "alert/sinks/sink_queue.h"
#include "alert/sinks/sinks.h"
#include "alert/sinks/terminal_sink.h"
#include "sample.h"

namespace sluice::alert {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class TempDir : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-sinks-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  [[nodiscard]] std::string path(const char* name) const { return dir_ + '/' + name; }
  static std::vector<std::string> lines(const std::string& file) {
    std::ifstream in{file};
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  std::string dir_;
};

json sample_record() { return finding_record(test::sample_finding(), {.hostname = "h"}); }

TEST_F(TempDir, FileSinkAppendsOneJsonObjectALine) {
  auto sink = FileSink::open(path("f"));
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write(sample_record()));
  ASSERT_TRUE((*sink)->write(sample_record()));
  const auto written = lines(path("f"));
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(json::parse(written[1]), sample_record());
  struct stat status {};
  ASSERT_EQ(stat(path("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U & ~0640U, 0U) << "findings are not for everybody";
}

TEST_F(TempDir, FileSinkReopensAfterRotation) {
  auto sink = FileSink::open(path("f"));
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write(sample_record()));
  std::filesystem::rename(path("f"), path("f.1"));
  ASSERT_TRUE((*sink)->reopen());
  ASSERT_TRUE((*sink)->write(sample_record()));
  EXPECT_EQ(lines(path("f")).size(), 1U);
  EXPECT_EQ(lines(path("f.1")).size(), 1U);
}

TEST_F(TempDir, FileSinkKeepsTheOldFileIfItCannotReopen) {
  std::filesystem::create_directory(path("d"));
  auto sink = FileSink::open(path("d/f"));
  ASSERT_TRUE(sink);
  std::filesystem::rename(path("d"), path("e"));
  EXPECT_FALSE((*sink)->reopen());
  EXPECT_TRUE((*sink)->write(sample_record()));
  EXPECT_EQ(lines(path("e/f")).size(), 1U);
}

TEST_F(TempDir, FileSinkSaysWhatItCannotOpen) {
  const auto sink = FileSink::open(path("no/such/dir"));
  ASSERT_FALSE(sink);
  EXPECT_NE(sink.error().message().find("no/such/dir"), std::string::npos);
}

TEST(FileSinkOnAFullDisk, FailsAndDoesNotThrow) {
  auto sink = FileSink::open("/dev/full");
  ASSERT_TRUE(sink);
  const auto written = (*sink)->write(sample_record());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code.value(), ENOSPC);
}

TEST_F(TempDir, TerminalSinkWithoutATerminalWritesNoColour) {
  std::FILE* file = std::fopen(path("t").c_str(), "w");
  ASSERT_NE(file, nullptr);
  TerminalSink sink{file};
  ASSERT_TRUE(sink.write(sample_record()));
  std::fclose(file);
  const auto written = lines(path("t"));
  ASSERT_EQ(written.size(), 3U);
  EXPECT_NE(written[0].find("curl[812]"), std::string::npos);
  EXPECT_EQ(written[0].find('\x1b'), std::string::npos);
}

TEST(JournaldSink, GivesTheKeysPeopleSearchByAndTheWholeRecord) {
  const auto fields = journal_fields(sample_record());
  const auto has = [&](const std::string& field) { return std::ranges::find(fields, field) != fields.end(); };
  EXPECT_TRUE(has("PRIORITY=4"));
  EXPECT_TRUE(has("SYSLOG_IDENTIFIER=sluiced"));
  EXPECT_TRUE(has("SLUICE_VERDICT=would_block"));
  EXPECT_TRUE(has("SLUICE_DATA_CLASS=card"));
  EXPECT_TRUE(has("SLUICE_EXE=/usr/bin/curl"));
  EXPECT_TRUE(has("SLUICE_DESTINATION_PORT=80"));
  EXPECT_TRUE(has("SLUICE_FINDING=" + to_line(sample_record())));
  for (const std::string& field : fields) EXPECT_EQ(field.find("4111111111111111"), std::string::npos);
}

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<json> records;
};

class KeepingSink final : public Sink {
 public:
  explicit KeepingSink(Seen& seen) : seen_{seen} {}
  [[nodiscard]] std::string name() const override { return "keeping"; }
  [[nodiscard]] Result<> write(const json& record) override {
    const std::lock_guard lock{seen_.mutex};
    seen_.records.push_back(record);
    seen_.changed.notify_all();
    return {};
  }

 private:
  Seen& seen_;
};

class FailingSink final : public Sink {
 public:
  [[nodiscard]] std::string name() const override { return "failing"; }
  [[nodiscard]] Result<> write(const json&) override { return fail(ENOSPC, "write to failing"); }
};

class ThrowingSink final : public Sink {
 public:
  [[nodiscard]] std::string name() const override { return "throwing"; }
  [[nodiscard]] Result<> write(const json&) override { throw std::runtime_error{"4111111111111111"}; }
};

TEST(Sinks, OneThatFailsOrThrowsIsCountedAndTheOthersGetTheFinding) {
  Seen seen;
  std::vector<std::unique_ptr<Sink>> list;
  list.push_back(std::make_unique<FailingSink>());
  list.push_back(std::make_unique<ThrowingSink>());
  list.push_back(std::make_unique<KeepingSink>(seen));
  Sinks sinks{{.hostname = "h"}, std::move(list)};
  sinks.write(test::sample_finding());

  ASSERT_EQ(seen.records.size(), 1U);
  EXPECT_EQ(seen.records[0], sample_record());
  const auto status = sinks.status();
  EXPECT_EQ(status[0].failed, 1U);
  EXPECT_NE(status[0].last_error.find("No space left"), std::string::npos);
  EXPECT_EQ(status[1].failed, 1U);
  EXPECT_EQ(status[1].last_error.find("4111"), std::string::npos) << "an exception's text may quote content";
  EXPECT_EQ(status[2].written, 1U);
}

/// Holds every write until it is let go.
class HangingSink final : public Sink {
 public:
  HangingSink(std::promise<void>& entered, std::shared_future<void> go)
      : entered_{entered}, go_{std::move(go)} {}
  [[nodiscard]] std::string name() const override { return "hanging"; }
  [[nodiscard]] Result<> write(const json&) override {
    if (!std::exchange(told_, true)) entered_.set_value();
    go_.wait();
    return {};
  }

 private:
  std::promise<void>& entered_;
  std::shared_future<void> go_;
  bool told_ = false;
};

TEST(SinkQueue, ASinkThatHangsDoesNotBlockThePusherAndLossIsCounted) {
  std::promise<void> entered;
  std::promise<void> go;
  std::vector<std::unique_ptr<Sink>> list;
  list.push_back(std::make_unique<HangingSink>(entered, go.get_future().share()));
  SinkQueue queue{std::make_unique<Sinks>(Host{}, std::move(list)), 2};
  EXPECT_TRUE(queue.push(test::sample_finding()));
  entered.get_future().wait();  // one is being written, the queue is empty
  EXPECT_TRUE(queue.push(test::sample_finding()));
  EXPECT_TRUE(queue.push(test::sample_finding()));
  EXPECT_FALSE(queue.push(test::sample_finding()));
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_FALSE(queue.flush(1ms));
  go.set_value();
  EXPECT_TRUE(queue.flush(30s));
  EXPECT_EQ(queue.status()[0].written, 3U);
}

TEST(SinkQueue, WritesWhatIsQueuedBeforeItEnds) {
  Seen seen;
  {
    std::vector<std::unique_ptr<Sink>> list;
    list.push_back(std::make_unique<KeepingSink>(seen));
    SinkQueue queue{std::make_unique<Sinks>(Host{}, std::move(list))};
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(queue.push(test::sample_finding()));
  }
  EXPECT_EQ(seen.records.size(), 100U);
}

}  // namespace
}  // namespace sluice::alert
