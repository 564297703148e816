#include "core/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

TEST(Metrics, TotalsOfAPipelineBecomeItsSeries) {
  Metrics metrics("1.2.3");

  metrics.pipeline("clicks").update({.events = 10,
                                     .batches = 2,
                                     .invocations = 3,
                                     .committed = 7,
                                     .retried = 4,
                                     .filtered = 1,
                                     .duplicates = 1,
                                     .dead_lettered = 1,
                                     .dead_effects = 4,
                                     .late = 6,
                                     .late_dropped = 3,
                                     .in_flight_events = 5,
                                     .in_flight_bytes = 640});

  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tidemill_events_total{pipeline=\"clicks\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_batches_total{pipeline=\"clicks\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_invocations_total{pipeline=\"clicks\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_committed_total{pipeline=\"clicks\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_retried_total{pipeline=\"clicks\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_filtered_total{pipeline=\"clicks\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_duplicates_total{pipeline=\"clicks\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_dead_lettered_total{pipeline=\"clicks\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_dead_effects_total{pipeline=\"clicks\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_late_total{pipeline=\"clicks\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_late_dropped_total{pipeline=\"clicks\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_in_flight_events{pipeline=\"clicks\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_in_flight_bytes{pipeline=\"clicks\"} 640\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(Metrics, ReportingTheSameTotalsTwiceCountsThemOnce) {
  Metrics metrics("0");
  PipelineMetrics& pipeline = metrics.pipeline("p");

  pipeline.update({.events = 3});
  pipeline.update({.events = 3});
  pipeline.update({.events = 4, .in_flight_bytes = 1});
  pipeline.update({.events = 4, .in_flight_bytes = 0});

  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_events_total{pipeline=\"p\"} 4\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_in_flight_bytes{pipeline=\"p\"} 0\n"));
}

TEST(Metrics, LostThreadsAndTheirBytesAreOfTheWholeEngine) {
  Metrics metrics("1.2.3");
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_lost_threads 0\n"));
  metrics.lost(2, 640);
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_lost_threads 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_lost_bytes 640\n"));
}

TEST(Metrics, TheLagOfASourceIsWhatItWasLast) {
  Metrics metrics("0");
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tidemill_source_lag")));
  metrics.source_lag("clicks", 12);
  metrics.source_lag("clicks", 3);
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_source_lag{pipeline=\"clicks\"} 3\n"));
}

TEST(Metrics, PipelinesKeepTheirSeriesApart) {
  Metrics metrics("0");

  metrics.pipeline("a").update({.events = 1});
  metrics.pipeline("b").update({.events = 2});

  EXPECT_EQ(&metrics.pipeline("a"), &metrics.pipeline("a"));
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_events_total{pipeline=\"a\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("tidemill_events_total{pipeline=\"b\"} 2\n"));
}

TEST(Metrics, DurationsAreObservedInSeconds) {
  Metrics metrics("0");

  metrics.pipeline("p").invocation_took(3ms);
  metrics.pipeline("p").invocation_took(250ms);
  metrics.pipeline("p").commit_took(2s);

  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tidemill_invocation_seconds_count{pipeline=\"p\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_invocation_seconds_sum{pipeline=\"p\"} 0.253\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_invocation_seconds_bucket{pipeline=\"p\",le=\"0.005\"} 1"));
  EXPECT_THAT(text, HasSubstr("tidemill_commit_seconds_sum{pipeline=\"p\"} 2\n"));
}

TEST(Metrics, TheExpositionNamesEveryFamilyWithHelpAndType) {
  Metrics metrics("0");
  metrics.pipeline("p");

  EXPECT_THAT(metrics.text(), HasSubstr("# HELP tidemill_events_total Events taken"));
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE tidemill_events_total counter\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE tidemill_commit_seconds histogram\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("nan")));
}

TEST(Metrics, AnArchivesSeriesGrowByWhatItHasDoneSince) {
  Metrics metrics("0");
  metrics.archive("clicks", "lake", {.objects = 2, .object_bytes = 100, .staged_events = 7});
  metrics.archive("clicks", "lake", {.objects = 5, .object_bytes = 300, .failures = 1});
  metrics.archive("clicks", "pond", {.objects = 1});
  const std::string text = metrics.text();
  for (const char* line :
       {"tidemill_archive_objects_total{pipeline=\"clicks\",sink=\"lake\"} 5\n",
        "tidemill_archive_object_bytes_total{pipeline=\"clicks\",sink=\"lake\"} 300\n",
        "tidemill_archive_failures_total{pipeline=\"clicks\",sink=\"lake\"} 1\n",
        "tidemill_archive_staged_events{pipeline=\"clicks\",sink=\"lake\"} 0\n",
        "tidemill_archive_objects_total{pipeline=\"clicks\",sink=\"pond\"} 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

}  // namespace
}  // namespace tidemill
