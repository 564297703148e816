#include "core/state/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <unistd.h>
#include <algorithm>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/state/values.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

using namespace std::string_literals;
namespace fs = std::filesystem;

constexpr WallTime now(1'000'000);

RowChange put(TableId table, std::string_view key, std::string_view data, EventTime time = {}) {
  return {.table = table, .kind = EffectKind::put_row, .time = time, .key = key, .data = data};
}

RowChange remove(TableId table, std::string_view key) {
  return {.table = table, .kind = EffectKind::delete_row, .key = key};
}

RowChange merge(TableId table, std::string_view key, MergeKind kind, std::int64_t operand = 0,
                EventTime time = {}) {
  return {.table = table,
          .kind = EffectKind::merge_row,
          .merge = kind,
          .operand = operand,
          .time = time,
          .key = key};
}

// A data folder that can be opened, closed, crashed and opened again.
class RocksStoreTest : public ::testing::Test {
 protected:
  RocksStoreTest()
      : root_(fs::temp_directory_path() /
              ("tidemill-store-" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
               std::to_string(::getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_);
    reopen();
  }

  ~RocksStoreTest() override {
    store_.reset();
    fs::remove_all(root_);
  }

  static RocksStore::Options options(WallTime at = now) {
    return {.engine_id = "11111111-2222-3333-4444-555555555555", .now = at};
  }

  void reopen(WallTime at = now) {
    store_.reset();
    auto opened = RocksStore::open(folder_, options(at));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  // What a power cut at this instant would leave, opened again.
  void crash() {
    const fs::path copy = root_ / ("crash" + std::to_string(++crashes_));
    fs::copy(folder_, copy, fs::copy_options::recursive);
    store_.reset();
    folder_ = copy;
    reopen();
  }

  TableId table(std::string_view name) { return store_->table(name).value(); }
  PipelineId pipeline(std::string_view name) { return store_->pipeline(name, "").value(); }

  void commit(const std::vector<CommitPart>& parts) {
    std::vector<const CommitPart*> pointers;
    for (const CommitPart& part : parts) pointers.push_back(&part);
    const auto committed = store_->commit(pointers, now);
    ASSERT_TRUE(committed) << committed.error().message;
  }

  void commit_rows(std::vector<RowChange> rows) {
    commit({CommitPart{.pipeline = PipelineId(1), .rows = std::move(rows)}});
  }

  std::optional<std::string> body(TableId table, std::string_view key) {
    const auto row = store_->row(table, key, now);
    EXPECT_TRUE(row);
    if (!row || !*row) return std::nullopt;
    return (*row)->body;
  }

  std::vector<std::string> keys(TableId table, std::string_view prefix = "") {
    std::vector<std::string> keys;
    EXPECT_TRUE(store_->each_row(table, prefix, now, [&](std::string_view key, const Row&) {
      keys.emplace_back(key);
      return true;
    }));
    return keys;
  }

  std::map<std::string, std::string> objects(PipelineId pipeline, std::string_view identity) {
    std::map<std::string, std::string> objects;
    const auto progress = store_->progress(pipeline, identity);
    EXPECT_TRUE(progress);
    (*progress)->each_object(
        [&](std::string_view key, std::string_view version) { objects.emplace(key, version); });
    return objects;
  }

  std::vector<std::uint64_t> dead_letters(std::optional<PipelineId> pipeline, WallTime at = now) {
    std::vector<std::uint64_t> numbers;
    EXPECT_TRUE(store_->each_dead_letter(pipeline, at,
                                         [&](PipelineId, std::uint64_t number, const DeadLetter&) {
                                           numbers.push_back(number);
                                           return true;
                                         }));
    return numbers;
  }

  fs::path root_;
  fs::path folder_ = root_ / "data";
  int crashes_ = 0;
  std::unique_ptr<RocksStore> store_;
};

TEST_F(RocksStoreTest, ARowIsWhatWasPutLast) {
  const TableId users = table("users");
  commit_rows({put(users, "ann", "1"), put(users, "bob", "2"), put(users, "ann", "3")});
  commit_rows({remove(users, "bob")});

  EXPECT_EQ(body(users, "ann"), "3");
  EXPECT_EQ(body(users, "bob"), std::nullopt);
  EXPECT_EQ(body(users, "cid"), std::nullopt);
}

TEST_F(RocksStoreTest, KeysMayHoldAnyBytesAndComeInByteOrder) {
  const TableId names = table("names");
  commit_rows({put(names, "a\0b"s, "1"), put(names, "", "2"), put(names, "\xFF", "3"),
               put(names, "a", "4"), put(names, "ab", "5"), put(names, "a\0"s, "6")});

  EXPECT_THAT(keys(names), ElementsAre("", "a", "a\0"s, "a\0b"s, "ab", "\xFF"));
  EXPECT_THAT(keys(names, "a"), ElementsAre("a", "a\0"s, "a\0b"s, "ab"));
  EXPECT_EQ(body(names, "a\0b"s), "1");
}

TEST_F(RocksStoreTest, TablesDoNotSeeEachOther) {
  commit_rows({put(table("one"), "k", "1"), put(table("two"), "k", "2")});
  EXPECT_EQ(body(table("one"), "k"), "1");
  EXPECT_EQ(body(table("two"), "k"), "2");
}

TEST_F(RocksStoreTest, ARowRemembersItsEventTimeAndChangesItsVersion) {
  const TableId t = table("t");
  commit_rows({put(t, "k", "1", EventTime(42))});
  const Row first = store_->row(t, "k", now)->value();
  EXPECT_EQ(first.time, EventTime(42));
  reopen();
  commit_rows({put(t, "k", "1")});
  EXPECT_GT(store_->row(t, "k", now)->value().version, first.version);
}

TEST_F(RocksStoreTest, MergesFoldWithinAGroupAndOverGroups) {
  const TableId t = table("counters");
  commit_rows({merge(t, "views", MergeKind::count), merge(t, "views", MergeKind::count),
               merge(t, "bytes", MergeKind::sum, 40), merge(t, "low", MergeKind::min, 7)});
  commit_rows({merge(t, "views", MergeKind::count), merge(t, "bytes", MergeKind::sum, 2),
               merge(t, "low", MergeKind::min, 9)});
  reopen();

  EXPECT_EQ(body(t, "views"), "3");
  EXPECT_EQ(body(t, "bytes"), "42");
  EXPECT_EQ(body(t, "low"), "7");
}

TEST_F(RocksStoreTest, PutsMergesAndDeletesOfOneRowKeepTheirOrderInAGroup) {
  const TableId t = table("t");
  commit_rows(
      {merge(t, "merge-put", MergeKind::sum, 1), put(t, "merge-put", "10"),
       put(t, "put-merge", "10"), merge(t, "put-merge", MergeKind::sum, 1),
       merge(t, "merge-delete", MergeKind::sum, 1), remove(t, "merge-delete"),
       put(t, "delete-merge", "10"), remove(t, "delete-merge"),
       merge(t, "delete-merge", MergeKind::sum, 1), merge(t, "sum-max-sum", MergeKind::sum, 1),
       merge(t, "sum-max-sum", MergeKind::max, 10), merge(t, "sum-max-sum", MergeKind::sum, 5)});

  EXPECT_EQ(body(t, "merge-put"), "10");
  EXPECT_EQ(body(t, "put-merge"), "11");
  EXPECT_EQ(body(t, "merge-delete"), std::nullopt);
  EXPECT_EQ(body(t, "delete-merge"), "1");
  EXPECT_EQ(body(t, "sum-max-sum"), "15");
}

TEST_F(RocksStoreTest, AScanSeesWhatEachRowWasMergedTo) {
  const TableId t = table("t");
  commit_rows({put(t, "a", "{}"), put(t, "b", "10"), merge(t, "c", MergeKind::sum, 1)});
  ASSERT_TRUE(store_->flush());
  commit_rows({merge(t, "a", MergeKind::sum, 1), merge(t, "b", MergeKind::sum, 1),
               merge(t, "c", MergeKind::sum, 1), merge(t, "d", MergeKind::sum, 1)});

  std::vector<std::string> bodies;
  EXPECT_TRUE(store_->each_row(t, "", now, [&](std::string_view, const Row& row) {
    bodies.push_back(row.body);
    return true;
  }));
  EXPECT_THAT(bodies, ElementsAre("{}", "11", "2", "1"));
}

TEST_F(RocksStoreTest, AMergeOntoJsonIsRefusedAndSeenUntilTheNextPut) {
  const TableId t = table("t");
  commit_rows({put(t, "k", "{\"a\":1}")});
  commit_rows({merge(t, "k", MergeKind::sum, 1)});
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(store_->row(t, "k", now)->value().body, "{\"a\":1}");
  EXPECT_TRUE(store_->row(t, "k", now)->value().merge_refused);

  commit_rows({put(t, "k", "{}")});
  EXPECT_FALSE(store_->row(t, "k", now)->value().merge_refused);
}

TEST_F(RocksStoreTest, ARowPastItsExpiryIsAbsent) {
  const TableId t = table("t");
  commit_rows({put(t, "other", "1")});
  store_.reset();
  {
    // No change of a row carries an expiry yet; the format does.
    auto database = state::Database::open(folder_ / "state", "data", {}, state::IfMissing::fail);
    ASSERT_TRUE(database);
    std::string value;
    state::append_row_value(value, {.expires = WallTime(500), .bytes = "old"});
    ASSERT_TRUE((*database)->put(
        (*database)->table(t), "\0\0\0"s + static_cast<char>(t.value) + "\0\0\x02k\0\1\0"s, value));
  }
  reopen();
  EXPECT_EQ(store_->row(t, "k", WallTime(499))->value().body, "old");
  EXPECT_EQ(body(t, "k"), std::nullopt);
  EXPECT_THAT(keys(t), ElementsAre("other"));
}

TEST_F(RocksStoreTest, NumbersOfNamesStayOverReopenAndAreNeverUsedTwice) {
  const PipelineId a = pipeline("a");
  const TableId t = table("a");
  const PipelineId b = pipeline("b");
  EXPECT_NE(a.value, t.value);
  EXPECT_NE(a, b);
  reopen();
  const TableId later = table("later");
  EXPECT_EQ(pipeline("b"), b);
  EXPECT_EQ(table("a"), t);
  EXPECT_EQ(pipeline("a"), a);
  EXPECT_GT(later.value, b.value);
  EXPECT_THAT(store_->tables(), ElementsAre(Pair("a", t), Pair("later", later)));
  EXPECT_THAT(store_->pipelines(), ElementsAre(Pair("a", a), Pair("b", b)));
}

TEST_F(RocksStoreTest, ARenamedPipelineKeepsItsNumberAndItsProgress) {
  const PipelineId old = pipeline("old");
  ASSERT_TRUE(store_->progress(old, "folder:/in"));
  commit({{.pipeline = old, .objects = {{"a.jpg", "v1"}}}});
  reopen();

  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
  EXPECT_THAT(objects(old, "folder:/in"), ElementsAre(Pair("a.jpg", "v1")));
  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
  EXPECT_NE(pipeline("old"), old);
  reopen();
  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
}

TEST_F(RocksStoreTest, ARenameFromANameThatNeverWasMakesANewPipeline) {
  EXPECT_TRUE(store_->pipeline("new", "never"));
}

TEST_F(RocksStoreTest, ALivePipelineCannotBeTakenOver) {
  pipeline("old");
  const auto taken = store_->pipeline("new", "old");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().fault, Fault::bad_config);
  EXPECT_THAT(taken.error().message, HasSubstr("\"old\""));
}

TEST_F(RocksStoreTest, LogProgressIsReadBackWithItsSettledRanges) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  const std::vector<OffsetRange> settled = {{Offset(12), Offset(15)}, {Offset(20), Offset(21)}};
  commit({{.pipeline = p,
           .logs = {{Partition(0), Offset(10), settled}, {Partition(300), Offset(4), {}}}}});
  reopen();

  const auto progress = store_->progress(p, "file:/events");
  ASSERT_TRUE(progress);
  EXPECT_EQ((*progress)->next(Partition(0)), Offset(10));
  EXPECT_EQ((*progress)->next(Partition(300)), Offset(4));
  EXPECT_EQ((*progress)->next(Partition(1)), std::nullopt);
  const auto logs = store_->log_progress(p);
  ASSERT_TRUE(logs);
  ASSERT_THAT(*logs, SizeIs(2));
  EXPECT_EQ((*logs)[0].partition, Partition(0));
  EXPECT_EQ((*logs)[0].settled, settled);
  EXPECT_EQ((*logs)[1].partition, Partition(300));
}

TEST_F(RocksStoreTest, ALaterPartOfAGroupWinsOverAnEarlierOne) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  const TableId t = table("t");
  commit({{.pipeline = p, .rows = {put(t, "k", "1")}, .logs = {{Partition(0), Offset(10), {}}}},
          {.pipeline = p, .rows = {put(t, "k", "2")}, .logs = {{Partition(0), Offset(20), {}}}}});
  EXPECT_EQ(body(t, "k"), "2");
  EXPECT_EQ((*store_->progress(p, "file:/events"))->next(Partition(0)), Offset(20));
}

TEST_F(RocksStoreTest, ProgressShowsWhatIsCommittedLater) {
  const PipelineId p = pipeline("p");
  const auto progress = store_->progress(p, "file:/events");
  ASSERT_TRUE(progress);
  EXPECT_EQ((*progress)->next(Partition(0)), std::nullopt);
  commit({{.pipeline = p, .logs = {{Partition(0), Offset(10), {}}}}});
  EXPECT_EQ((*progress)->next(Partition(0)), Offset(10));
}

TEST_F(RocksStoreTest, AnotherSourceStartsAfreshAndTheOldOneComesBack) {
  const PipelineId p = pipeline("p");
  EXPECT_THAT(objects(p, "folder:/a"), IsEmpty());
  commit({{.pipeline = p, .objects = {{"1.jpg", "v1"}}}});
  EXPECT_THAT(objects(p, "folder:/b"), IsEmpty());
  commit({{.pipeline = p, .objects = {{"2.jpg", "v2"}}}});
  reopen();

  EXPECT_EQ(store_->source_identity(p), "folder:/b");
  EXPECT_THAT(objects(p, "folder:/b"), ElementsAre(Pair("2.jpg", "v2")));
  EXPECT_THAT(objects(p, "folder:/a"), ElementsAre(Pair("1.jpg", "v1")));
}

TEST_F(RocksStoreTest, PipelinesDoNotShareProgress) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  objects(p, "folder:/in");
  objects(q, "folder:/in");
  commit({{.pipeline = p, .objects = {{"1.jpg", "v1"}}}});
  EXPECT_THAT(objects(q, "folder:/in"), IsEmpty());
}

TEST_F(RocksStoreTest, AnObjectWithAnEmptyVersionIsForgotten) {
  const PipelineId p = pipeline("p");
  objects(p, "folder:/in");
  commit({{.pipeline = p, .objects = {{"b", "1"}, {"a\0z"s, "2"}, {"a", "3"}}}});
  commit({{.pipeline = p, .objects = {{"b", ""}, {"a", "4"}}}});
  EXPECT_THAT(objects(p, "folder:/in"), ElementsAre(Pair("a", "4"), Pair("a\0z"s, "2")));
}

TEST_F(RocksStoreTest, ResetForgetsOnePipelineUnderEveryIdentity) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  for (const PipelineId each : {p, q}) {
    objects(each, "folder:/a");
    commit({{.pipeline = each, .objects = {{"1.jpg", "v1"}}}});
    objects(each, "folder:/b");
    commit({{.pipeline = each,
             .logs = {{Partition(0), Offset(1), {}}},
             .objects = {{"2.jpg", "v2"}}}});
  }
  const auto removed = store_->reset_progress(p);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->objects, 2u);
  EXPECT_EQ(removed->partitions, 1u);
  reopen();

  EXPECT_EQ(store_->source_identity(p), "folder:/b");
  EXPECT_THAT(objects(p, "folder:/b"), IsEmpty());
  EXPECT_THAT(objects(p, "folder:/a"), IsEmpty());
  EXPECT_THAT(objects(q, "folder:/a"), SizeIs(1));
  EXPECT_THAT(*store_->log_progress(p), IsEmpty());
}

TEST_F(RocksStoreTest, ADeadLetterKeepsEverythingAboutItsEvent) {
  const PipelineId p = pipeline("p");
  DeadLetter letter;
  letter.event_id = "folder:/in/a.jpg@v1";
  letter.stage = Stage::sink;
  letter.sink = "small";
  letter.reason = "no space left";
  letter.function = "thumbnail";
  letter.function_version = "cafe";
  letter.attempts = 3;
  letter.died = WallTime(77);
  letter.partition = Partition(4);
  letter.offset = Offset(5);
  letter.source = "folder:/in";
  letter.type = "created";
  letter.subject = "a.jpg";
  letter.version = "v1";
  letter.content_type = "image/jpeg";
  letter.key = "k";
  letter.data = "\0\xFF"s;
  letter.time = EventTime(66);
  letter.object_bytes = 1234;
  commit({{.pipeline = p, .dead_letters = {letter}}});
  reopen();

  int seen = 0;
  ASSERT_TRUE(store_->each_dead_letter(
      p, now, [&](PipelineId pipeline, std::uint64_t number, const DeadLetter& read) {
        ++seen;
        EXPECT_EQ(pipeline, p);
        EXPECT_EQ(number, 1u);
        EXPECT_EQ(read.event_id, letter.event_id);
        EXPECT_EQ(read.stage, letter.stage);
        EXPECT_EQ(read.sink, letter.sink);
        EXPECT_EQ(read.reason, letter.reason);
        EXPECT_EQ(read.function, letter.function);
        EXPECT_EQ(read.function_version, letter.function_version);
        EXPECT_EQ(read.attempts, letter.attempts);
        EXPECT_EQ(read.died, letter.died);
        EXPECT_EQ(read.partition, letter.partition);
        EXPECT_EQ(read.offset, letter.offset);
        EXPECT_EQ(read.source, letter.source);
        EXPECT_EQ(read.type, letter.type);
        EXPECT_EQ(read.subject, letter.subject);
        EXPECT_EQ(read.version, letter.version);
        EXPECT_EQ(read.content_type, letter.content_type);
        EXPECT_EQ(read.key, letter.key);
        EXPECT_EQ(read.data, letter.data);
        EXPECT_EQ(read.time, letter.time);
        EXPECT_EQ(read.object_bytes, letter.object_bytes);
        return true;
      }));
  EXPECT_EQ(seen, 1);
}

TEST_F(RocksStoreTest, DeadLettersExpireAndTheirNumbersAreNotUsedAgain) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  commit({{.pipeline = p, .dead_letters = {{.expires = WallTime(2'000'000)}}},
          {.pipeline = q, .dead_letters = {{}, {.expires = WallTime(3'000'000)}}}});
  EXPECT_THAT(dead_letters(std::nullopt), ElementsAre(1, 2, 3));
  EXPECT_THAT(dead_letters(q), ElementsAre(2, 3));
  EXPECT_THAT(dead_letters(p, WallTime(2'000'000)), IsEmpty());

  reopen(WallTime(4'000'000));
  EXPECT_THAT(dead_letters(p), IsEmpty());
  EXPECT_THAT(dead_letters(q), ElementsAre(2, 3)) << "behind one that is kept for ever";
  EXPECT_THAT(dead_letters(q, WallTime(4'000'000)), ElementsAre(2));
  commit({{.pipeline = p, .dead_letters = {{}}}});
  EXPECT_THAT(dead_letters(p), ElementsAre(4));
}

TEST_F(RocksStoreTest, EveryAnsweredCommitSurvivesACrash) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const TableId t = table("t");
    const std::string key = "k" + std::to_string(i);
    commit({{.pipeline = p,
             .rows = {put(t, key, "1"), merge(t, "sum", MergeKind::sum, 1)},
             .logs = {{Partition(0), Offset(i), {}}},
             .objects = {{key, "v"}},
             .dead_letters = {{.event_id = key}}}});
    crash();
    EXPECT_THAT(keys(t), SizeIs(i + 1));
    EXPECT_EQ(body(t, "sum"), std::to_string(i));
    EXPECT_EQ((*store_->progress(p, "file:/events"))->next(Partition(0)), Offset(i));
    EXPECT_THAT(objects(p, "file:/events"), SizeIs(i));
    EXPECT_THAT(dead_letters(p), SizeIs(i));
  }
}

// Whatever part of the log a power cut leaves, a group is there as a whole or not at all, and no
// group without those before it.
TEST_F(RocksStoreTest, ATornLogHoldsWholeGroupsOnly) {
  const PipelineId p = pipeline("p");
  const TableId t = table("t");
  const TableId u = table("u");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  ASSERT_TRUE(store_->flush());
  for (std::uint64_t i = 1; i <= 8; ++i) {
    const std::string key = "k" + std::to_string(i);
    commit({{.pipeline = p, .rows = {put(t, key, std::string(40, 'x'))}},
            {.pipeline = p,
             .rows = {put(u, key, "1")},
             .logs = {{Partition(0), Offset(i), {}}},
             .objects = {{key, "v"}},
             .dead_letters = {{.event_id = key}}}});
  }
  fs::path log;
  for (const auto& entry : fs::directory_iterator(folder_ / "state")) {
    if (entry.path().extension() == ".log" && (log.empty() || log < entry.path())) {
      log = entry.path();
    }
  }
  const fs::path whole = root_ / "whole";
  fs::copy(folder_, whole, fs::copy_options::recursive);
  const auto size = fs::file_size(whole / "state" / log.filename());
  ASSERT_GT(size, 1000u);
  std::vector<std::size_t> lengths;
  for (std::uintmax_t cut = 0; cut <= size; cut += 97) {
    store_.reset();
    folder_ = root_ / "cut";
    fs::remove_all(folder_);
    fs::copy(whole, folder_, fs::copy_options::recursive);
    fs::resize_file(folder_ / "state" / log.filename(), cut);
    reopen();
    const std::size_t groups = keys(t).size();
    EXPECT_EQ(keys(u).size(), groups);
    EXPECT_EQ(objects(p, "file:/events").size(), groups);
    EXPECT_EQ(dead_letters(p).size(), groups);
    const auto next = (*store_->progress(p, "file:/events"))->next(Partition(0));
    EXPECT_EQ(next.value_or(Offset(0)), Offset(groups));
    lengths.push_back(groups);
  }
  EXPECT_TRUE(std::ranges::is_sorted(lengths));
  EXPECT_EQ(lengths.front(), 0u);
  EXPECT_GE(lengths.back(), 7u);
}

TEST_F(RocksStoreTest, TheEngineKeepsItsIdAndRaisesItsEpoch) {
  EXPECT_EQ(store_->engine_id(), "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(store_->epoch(), 1u);
  store_.reset();
  auto other = RocksStore::open(folder_, {.engine_id = "another"});
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->engine_id(), "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ((*other)->epoch(), 2u);
}

TEST_F(RocksStoreTest, ASecondEngineIsToldThatTheFolderIsInUse) {
  const auto second = RocksStore::open(folder_, options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::bad_config);
  EXPECT_EQ(second.error().message,
            "data folder " + folder_.string() + " is in use by another engine");
}

TEST_F(RocksStoreTest, AMissingFolderIsNotMadeToLookAtIt) {
  const fs::path missing = root_ / "missing";
  const auto opened =
      RocksStore::open(missing, {.engine_id = "e", .missing = state::IfMissing::fail});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr(missing.string()));
  EXPECT_FALSE(fs::exists(missing));
}

TEST_F(RocksStoreTest, AFolderThatCannotBeMadeIsAnErrorNotAnException) {
  const auto opened = RocksStore::open("/proc/nowhere", options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::transient);
}

TEST_F(RocksStoreTest, ANewerFormatIsRefusedByName) {
  store_.reset();
  {
    auto database = state::Database::open(folder_ / "state", "data", {}, state::IfMissing::fail);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->put((*database)->meta(), "format", state::text_value("2.3")));
  }
  const auto opened = RocksStore::open(folder_, options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("has format 2.3, this engine reads up to 1.x"));
}

TEST_F(RocksStoreTest, AFamilyOfALaterMinorFormatIsLeftAlone) {
  store_.reset();
  {
    rocksdb::DB* db = nullptr;
    std::vector<std::string> names;
    const std::string path = (folder_ / "state").string();
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    ASSERT_TRUE(rocksdb::DB::Open({}, path, families, &handles, &db).ok());
    const std::unique_ptr<rocksdb::DB> owned(db);
    rocksdb::ColumnFamilyHandle* dedupe = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "dedupe", &dedupe).ok());
    handles.push_back(dedupe);
    for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  reopen();
  EXPECT_EQ(store_->epoch(), 2u);
}

}  // namespace
}  // namespace tidemill
