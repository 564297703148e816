// Windows and archives in a rehearsal: what is there at its end, and what closes or rolls before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/archive/testing/memory_archive.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/rehearsal_fixture.h"
#include "core/rehearsal/review.h"

namespace tidemill::rehearsal {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

using namespace std::chrono_literals;

constexpr const char* plan_text = R"(
pipelines:
  count:
    source: { feed: {} }
    sinks:
      views:
        aggregate:
          key: .page
          time: .ts
          count: true
          window: { tumbling: 1h }
          emit: on_close
      lake: { vault: {}, retry: { backoff: { initial: 1m, max: 1h } } }
  report:
    source: { changes: { table: views } }
    sinks: { hours: { hook: { url: "http://out" } } }
)";

class RehearsedStateTest : public RehearsalFixture {
 protected:
  RehearsedStateTest() : RehearsalFixture(plan_text) {
    struct NoOptions {};
    registry_.add_sink("vault", Idempotence::atomic, ConfigSpec<NoOptions>("Keeps."),
                       [this](const NoOptions&, const Services&) {
                         return std::make_unique<testing::MemoryArchive>(
                             bucket_, StagePolicy{.object_bytes = 60,
                                                  .object_age = 10min,
                                                  .staged_bytes_max = 1u << 20,
                                                  .time = ".ts"});
                       });
  }

  // What the case expects and did not get, as its author reads it.
  std::string complaints(const Outcome& outcome) {
    config::Problems problems;
    std::string all;
    for (const Section& section : sections_of(file_.cases.front(), outcome, problems))
      if (!matches(*section.expected, section.actual))
        all += section.name() + ": " + text_of(section.actual) + "\n";
    for (const auto& problem : problems.errors()) all += config::to_string(problem) + "\n";
    return all;
  }

  testing::MemoryBucket bucket_;
};

constexpr const char* two_hours = R"(    pipeline: count
    events:
      - { data: { page: /a, ts: "2026-01-01T08:10:00Z" } }
      - { data: { page: /a, ts: "2026-01-01T08:20:00Z" } }
      - { data: { page: /a, ts: "2026-01-01T09:00:00.5Z" } }
)";

TEST_F(RehearsedStateTest, EachWindowOfAKeyIsARowOfItsOwn) {
  const auto outcome = outcome_of_case(std::string(two_hours) + R"(    expect:
      tables:
        views:
          "/a@2026-01-01T08:00:00Z": { count: 2, window_end: 2026-01-01T09:00:00.000000Z }
          "/a@2026-01-01T09:00:00Z": { count: 1 }
)");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.trouble, "");
}

TEST_F(RehearsedStateTest, AWindowIsToldWhenALaterEventClosesItAndTheLastOneStaysOpen) {
  const auto outcome = outcome_of_case(R"(    events:
      - { pipeline: count, data: { page: /a, ts: "2026-01-01T08:10:00Z" } }
      - { pipeline: count, at: 1s, data: { page: /b, ts: "2026-01-01T09:00:00Z" } }
    expect:
      sinks:
        hours: [ { data: { kind: close, key: /a, new: { count: 1 } } } ]
)");
  EXPECT_EQ(complaints(outcome), "");
}

TEST_F(RehearsedStateTest, AnObjectIsMadeWhenItsOldestEventIsOldAndNotBecauseNothingMoreComes) {
  const auto outcome = outcome_of_case(std::string(two_hours) + R"(    expect:
      sinks:
        lake:
          - object: { $like: "490904/count.lake-*" }
            data: [ { ts: "2026-01-01T08:10:00Z" }, { ts: "2026-01-01T08:20:00Z" } ]
            written_at: 0s
          - { object: { $like: "490905/*-000000000001" }, data: 1, written_at: 10m }
)");
  EXPECT_EQ(complaints(outcome), "") << "the first hour has its sixty bytes";
  EXPECT_EQ(bucket_.written, 0) << "and the bucket is not touched";
}

TEST_F(RehearsedStateTest, NamesOfObjectsAreTheSameEachTime) {
  const auto names = [this] {
    const auto outcome = outcome_of_case(two_hours);
    return text_of(brief(outcome.sinks.at("count.lake")));
  };
  const std::string once = names();
  EXPECT_THAT(once, HasSubstr("490904/count.lake-"));
  EXPECT_EQ(once, names());
}

TEST_F(RehearsedStateTest, AnArchiveThatIsDownIsTriedAgainAfterItsBackoff) {
  const auto outcome = outcome_of_case(std::string(two_hours) + R"(    mock:
      sinks: { lake: [ { fail: no route, times: 2, takes: 5s } ] }
    expect:
      sinks:
        lake:
          - { data: 2, written_at: 3m10s }
          - { data: 1, written_at: 10m }
      dead_letters: []
)");
  EXPECT_EQ(complaints(outcome), "");
}

TEST_F(RehearsedStateTest, AnArchiveThatStaysDownSaysWhatIsStaged) {
  const auto outcome = outcome_of_case(std::string(two_hours) + R"(    mock:
      sinks: { lake: [ { fail: no route } ] }
    limit: 1h
)");
  EXPECT_THAT(outcome.trouble, HasSubstr("it has not ended after 1h of virtual time (limit)"));
  EXPECT_THAT(outcome.trouble, HasSubstr("archive lake has 3 events staged"));
  EXPECT_THAT(outcome.trouble, HasSubstr("no route"));
}

TEST_F(RehearsedStateTest, AnEventWithoutATimeReachesNoArchive) {
  const auto outcome = outcome_of_case(R"(    pipeline: count
    events: [ { id: timeless, data: { page: /a } } ]
    expect:
      sinks: { lake: [] }
      dead_letters: [ { event: timeless, stage: sink } ]
)");
  EXPECT_EQ(complaints(outcome), "");
}

TEST_F(RehearsedStateTest, AMockedArchiveAnswersForWholeObjects) {
  for (const std::string answer : {"{ reject: too large }", "{ event: a, fail: no route }"}) {
    const auto outcome =
        rehearse_case("    pipeline: count\n    mock: { sinks: { lake: [ " + answer + " ] } }\n");
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().message,
                HasSubstr("an archive refuses whole objects, and no event for good; leave out "
                          "`event` and write `fail`"));
  }
}

}  // namespace
}  // namespace tidemill::rehearsal
