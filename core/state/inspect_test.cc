#include "core/state/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/state/aggregate.h"

namespace tidemill::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using namespace std::string_literals;
namespace fs = std::filesystem;

constexpr WallTime now(1'000'000);

class InspectTest : public ::testing::Test {
 protected:
  InspectTest()
      : folder_(fs::temp_directory_path() /
                ("tidemill-inspect-" +
                 std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) +
                 "-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    auto opened = RocksStore::open(folder_, {.engine_id = "e", .now = now});
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }

  ~InspectTest() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  void fill() {
    const TableId images = *store_->table("images");
    std::ignore = store_->table("empty");
    const PipelineId thumbs = *store_->pipeline("thumbs", "");
    EXPECT_TRUE(store_->progress(thumbs, "folder:/in"));
    CommitPart part{.pipeline = thumbs};
    const auto row = [&](EffectKind kind, std::string_view key, std::string_view data) {
      part.rows.push_back({.table = images,
                           .kind = kind,
                           .merge = MergeKind::sum,
                           .operand = 5,
                           .time = EventTime(1'700'000'000'000'001),
                           .key = key,
                           .data = data});
    };
    row(EffectKind::put_row, "a.jpg", "{\"w\":200,\n \"h\":100}");
    row(EffectKind::put_row, "b.txt", "plain \"text\"");
    row(EffectKind::put_row, "c.bin", sv_bytes);
    row(EffectKind::merge_row, "total", "");
    part.logs = {{Partition(2), Offset(10), {{Offset(12), Offset(14)}, {Offset(20), Offset(21)}}}};
    part.objects = {{"a.jpg", "v1"}};
    const CommitPart* parts[] = {&part};
    EXPECT_TRUE(store_->commit(parts, now, Durability::sync));
  }

  static constexpr std::string_view sv_bytes{"\xFF\xD8\xFF\x00", 4};

  LineSink collect() {
    return [this](std::string_view line) {
      lines_.emplace_back(line);
      return true;
    };
  }

  fs::path folder_;
  std::unique_ptr<RocksStore> store_;
  std::vector<std::string> lines_;
};

TEST_F(InspectTest, ListsTables) {
  fill();
  ASSERT_TRUE(table_list(*store_, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("empty", "images"));
  lines_.clear();
  ASSERT_TRUE(table_list(*store_, Form::json, collect()));
  EXPECT_THAT(lines_, ElementsAre(R"({"table":"empty","id":2})", R"({"table":"images","id":1})"));
}

TEST_F(InspectTest, ExportsEveryKindOfBodyOnOneLine) {
  fill();
  ASSERT_TRUE(table_scan(*store_, "images", {}, now, Form::json, collect()));
  const std::string time = R"("time":"2023-11-14T22:13:20.000001Z"})";
  EXPECT_THAT(
      lines_,
      ElementsAre(R"({"key":"a.jpg","value":{"w":200,  "h":100},)" + time,
                  R"({"key":"b.txt","value":"plain \"text\"","value_encoding":"text",)" + time,
                  R"({"key":"c.bin","value":"/9j/AA==","value_encoding":"base64",)" + time,
                  R"({"key":"total","value":5,)" + time));
}

TEST_F(InspectTest, ShowsThatAMergeWasRefused) {
  fill();
  const RowChange merge{.table = *store_->table("images"),
                        .kind = EffectKind::merge_row,
                        .operand = 1,
                        .key = "b.txt"};
  const CommitPart part{.pipeline = *store_->pipeline("thumbs", ""), .rows = {merge}};
  const CommitPart* parts[] = {&part};
  ASSERT_TRUE(store_->commit(parts, now, Durability::sync));
  ASSERT_TRUE(table_get(*store_, "images", "b.txt", now, Form::json, collect()));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr(R"("merge_refused":true)")));
}

TEST_F(InspectTest, GetsOneRowOrSaysThatThereIsNone) {
  fill();
  ASSERT_TRUE(table_get(*store_, "images", "total", now, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("5"));
  const auto missing = table_get(*store_, "images", "z", now, Form::text, collect());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "table images has no row z");
}

TEST_F(InspectTest, ScansByPrefixUpToALimit) {
  fill();
  ASSERT_TRUE(table_scan(*store_, "images", {.prefix = "t"}, now, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("total\t5"));
  lines_.clear();
  ASSERT_TRUE(table_scan(*store_, "images", {.limit = 2}, now, Form::json, collect()));
  EXPECT_THAT(lines_, SizeIs(2));
  lines_.clear();
  ASSERT_TRUE(table_scan(*store_, "images", {.limit = 0}, now, Form::json, collect()));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(InspectTest, StopsWhenTheReaderHasEnough) {
  fill();
  int seen = 0;
  ASSERT_TRUE(table_scan(*store_, "images", {}, now, Form::json, [&seen](std::string_view) {
    ++seen;
    return false;
  }));
  EXPECT_EQ(seen, 1);
}

TEST_F(InspectTest, CountsRows) {
  fill();
  EXPECT_EQ(table_count(*store_, "images", now).value(), 4u);
  EXPECT_EQ(table_count(*store_, "empty", now).value(), 0u);
}

TEST_F(InspectTest, AnUnknownNameIsAnsweredWithThoseThatExist) {
  EXPECT_EQ(table_count(*store_, "x", now).error().message,
            "there is no table x; there is no table yet");
  fill();
  const auto wrong = table_count(*store_, "image", now);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fault, Fault::bad_config);
  EXPECT_EQ(wrong.error().message, "there is no table image; tables: empty, images");
  EXPECT_EQ(progress_show(*store_, "thumb", Form::text, collect()).error().message,
            "there is no pipeline thumb; pipelines: thumbs");
}

TEST_F(InspectTest, ShowsProgressOfPartitionsAndObjects) {
  fill();
  ASSERT_TRUE(progress_show(*store_, "thumbs", Form::json, collect()));
  EXPECT_THAT(
      lines_,
      ElementsAre(
          R"({"pipeline":"thumbs","source":"folder:/in","partition":2,"next":10,"settled":[[12,14],[20,21]]})",
          R"({"pipeline":"thumbs","source":"folder:/in","object":"a.jpg","version":"v1"})"));
  lines_.clear();
  ASSERT_TRUE(progress_show(*store_, "thumbs", Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("folder:/in partition 2 next 10 settled ahead [12,14],[20,21]",
                                  "folder:/in object a.jpg version v1"));
}

TEST_F(InspectTest, ResetSaysWhatItRemoved) {
  fill();
  ASSERT_TRUE(progress_reset(*store_, "thumbs", Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("removed progress of thumbs: 1 partitions, 1 objects"));
  lines_.clear();
  ASSERT_TRUE(progress_reset(*store_, "thumbs", Form::json, collect()));
  EXPECT_THAT(lines_, ElementsAre(R"({"pipeline":"thumbs","partitions":0,"objects":0})"));
}

TEST_F(InspectTest, StreamsAreListedWithHowMuchIsInThem) {
  const StreamInfo jobs = *store_->stream(StreamKind::queue, "jobs", 1);
  const StreamInfo clicks = *store_->stream(StreamKind::log, "clicks", 2);
  StreamAppend job, click;
  job.stream = jobs.id;
  job.data = "abc";
  click.stream = clicks.id;
  click.partition = Partition(1);
  const CommitPart part{.pipeline = PipelineId(1), .appended = {job, job, click}, .removed = {}};
  const CommitPart taken{.pipeline = PipelineId(1), .removed = {{jobs.id, Partition(0), 1, 3}}};
  const CommitPart* parts[] = {&part, &taken};
  ASSERT_TRUE(store_->commit(parts, now, Durability::sync));
  std::vector<std::string> text, json;
  const auto into = [](std::vector<std::string>& all) {
    return [&all](std::string_view line) {
      all.emplace_back(line);
      return true;
    };
  };
  ASSERT_TRUE(stream_list(*store_, Form::text, into(text)));
  ASSERT_TRUE(stream_list(*store_, Form::json, into(json)));
  EXPECT_THAT(text, ElementsAre("queue jobs: 1 in it, 3 bytes, 2 put so far",
                                "log clicks: 1 in it, 0 bytes, 1 put so far"));
  EXPECT_THAT(
      json, ElementsAre(
                R"({"kind":"queue","name":"jobs","partitions":1,"records":1,"bytes":3,"put":2})",
                R"({"kind":"log","name":"clicks","partitions":2,"records":1,"bytes":0,"put":1})"));
}

TEST_F(InspectTest, AnArchiveIsListedWithWhatItHasStagedUnderTodaysNameOfItsPipeline) {
  const PipelineId pipeline = *store_->pipeline("clicks", "");
  const std::string name = std::to_string(pipeline.value) + "/lake";
  StreamAppend record;
  record.stream = store_->stream(StreamKind::archive, name, 0)->id;
  record.data = "abc";
  CommitPart part{.pipeline = pipeline};
  for (const std::uint32_t hour : {493'000u, 493'000u, 493'001u}) {
    record.partition = Partition(hour);
    part.appended.push_back(record);
  }
  record.partition = archive_plans;
  part.appended.push_back(record);
  const CommitPart* parts[] = {&part};
  ASSERT_TRUE(store_->commit(parts, now, Durability::sync));
  std::vector<std::string> lines;
  const auto collect_line = [&lines](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  ASSERT_TRUE(stream_list(*store_, Form::text, collect_line));
  ASSERT_TRUE(stream_list(*store_, Form::json, collect_line));
  EXPECT_THAT(
      lines,
      ElementsAre(
          "archive clicks/lake: 3 in its stage, 9 bytes, 2 hours",
          R"({"kind":"archive","name":"clicks/lake","partitions":2,"records":3,"bytes":9})"));
}

TEST_F(InspectTest, RowsOfWindowsAreShownWithTheirWindows) {
  const TableId views = store_->table("views").value();
  const PipelineId count = store_->pipeline("count", "").value();
  ASSERT_TRUE(store_->progress(count, "file:/clicks"));
  const EventTime start(1'431'856'800'000'000);
  const EventTime end(1'431'860'400'000'000);
  state::Aggregate one{.shows_count = true, .window = state::Aggregate::Window{start, end}};
  one.add({}, {}, {}, JsonNumber::of(1.5));
  RowChange change{.table = views, .kind = EffectKind::merge_row, .key = "/a", .aggregate = &one};
  change.window = RowWindow{.start = start, .end = end};
  CommitPart part{.pipeline = count, .rows = {change, change}};
  part.logs = {{Partition(0), Offset(10), {}}};
  part.logs[0].clocks = {{views, EventTime(start.value + 5), 3, 1}};
  const CommitPart* parts[] = {&part};
  ASSERT_TRUE(store_->commit(parts, now, Durability::sync));

  const std::string body = R"({"window_start":"2015-05-17T10:00:00.000000Z",)"
                           R"("window_end":"2015-05-17T11:00:00.000000Z","count":2,"avg":1.5})";
  const auto end_of_scan = table_scan(*store_, "views", {}, now, Form::text, collect());
  ASSERT_TRUE(end_of_scan);
  EXPECT_EQ(end_of_scan->last_key, "/a@2015-05-17T10:00:00.000000Z");
  ASSERT_TRUE(table_get(*store_, "views", "/a", now, Form::text, collect()));
  ASSERT_TRUE(table_get(*store_, "views", "/a@2015-05-17T10:00:00Z", now, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("/a\t" + body, body, body));
  EXPECT_FALSE(table_get(*store_, "views", "/b", now, Form::text, collect()));
  lines_.clear();
  ASSERT_TRUE(
      table_scan(*store_, "views", {.after = end_of_scan->last_key}, now, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre());
  ASSERT_TRUE(progress_show(*store_, "count", Form::text, collect()));
  ASSERT_TRUE(progress_show(*store_, "count", Form::json, collect()));
  EXPECT_THAT(
      lines_,
      ElementsAre("file:/clicks partition 0 next 10",
                  "  aggregate views has seen 2015-05-17T10:00:00.000005Z, 3 late, 1 dropped",
                  R"({"pipeline":"count","source":"file:/clicks","partition":0,"next":10,)"
                  R"("settled":[],"aggregates":[{"table":"views",)"
                  R"("latest":"2015-05-17T10:00:00.000005Z","late":3,"dropped":1}]})"));
}

}  // namespace
}  // namespace tidemill::inspect
