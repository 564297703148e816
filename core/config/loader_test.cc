#include "core/config/loader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/config/testing/fakes.h"

namespace tidemill::config {
namespace {

using ::testing::Contains;
using testing::Desk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* thumbnails = R"(version: 1
namespace: demo
pipelines:
  thumbnails:
    source:
      bucket: { url: local:uploads, suffix: [.jpg, .png], scan: 5s }
    steps:
      - function: thumbnail
    batch: { events: 16, bytes: 6MiB, window: 250ms }
    sinks:
      small:
        from: thumbnails
        bucket: { url: local:thumbnails }
      images:
        table: {}
      notifications:
        file: { path: notifications.ndjson }
        retry: { attempts: 5 }
    parallel: { batches: 8, per_partition: 2 }
    order_by: partition
    retry: { attempts: 4, backoff: { initial: 100ms, jitter: none }, max_age: 1h, bisect: false }
    dead_letter: { keep: 7d }
functions:
  thumbnail:
    native: thumbnail
    config: { width: 100, licence: "${LICENCE}" }
    timeout: 10s
    concurrency: { reserved: 8, provisioned: 2 }
)";

std::vector<std::string> texts_of(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const auto& problem : problems) texts.push_back(to_string(problem));
  return texts;
}

Plan plan_of(Desk& desk, const std::string& text) {
  auto loaded = desk.load(text);
  EXPECT_THAT(texts_of(loaded.problems), IsEmpty());
  return loaded.plan.value_or(Plan{});
}

TEST(Loader, AWholeFileBecomesAPlan) {
  Desk desk;
  desk.variables["LICENCE"] = "abc";
  const Plan plan = plan_of(desk, thumbnails);
  ASSERT_EQ(plan.pipelines.size(), 1u);
  EXPECT_EQ(plan.name_space, "demo");
  const auto& p = plan.pipelines[0];
  EXPECT_EQ(p.name, "thumbnails");
  EXPECT_EQ(p.where, (Mark{"/etc/tidemill/p.yaml", 4, 3}));
  EXPECT_EQ(p.source.kind, "bucket");
  EXPECT_THAT(p.source.options, ElementsAre(Pair("url", "local:uploads"), Pair("suffix", ".jpg"),
                                            Pair("suffix", ".png"), Pair("scan", "5000000")));
  EXPECT_EQ(p.function, "thumbnail");
  EXPECT_EQ(p.batch.events, 16u);
  EXPECT_EQ(p.batch.bytes.value, 6u << 20);
  EXPECT_EQ(p.batch.window, std::chrono::milliseconds(250));
  EXPECT_EQ(p.parallel.batches, 8u);
  EXPECT_EQ(p.parallel.per_partition, 2u);
  EXPECT_EQ(p.order_by, OrderBy::partition);
  EXPECT_EQ(p.retry.attempts, 4u);
  EXPECT_EQ(p.retry.backoff.initial, std::chrono::milliseconds(100));
  EXPECT_EQ(p.retry.backoff.max, Backoff{}.max);
  EXPECT_EQ(p.retry.backoff.jitter, Jitter::none);
  EXPECT_EQ(p.retry.max_age, std::chrono::hours(1));
  EXPECT_FALSE(p.retry.bisect);
  EXPECT_EQ(p.dead_letter.keep, std::chrono::days(7));

  ASSERT_EQ(p.sinks.size(), 3u);
  EXPECT_EQ(p.sinks[0].from, "thumbnails");
  EXPECT_EQ(p.sinks[1].from, "images");
  EXPECT_EQ(p.sinks[1].connector.kind, "table");
  EXPECT_THAT(p.sinks[1].connector.options, ElementsAre(Pair("name", "images")));
  EXPECT_THAT(p.sinks[2].connector.options,
              ElementsAre(Pair("path", "/etc/tidemill/notifications.ndjson")));
  ASSERT_TRUE(p.sinks[2].retry);
  EXPECT_EQ(p.sinks[2].retry->attempts, 5u);

  const auto* f = plan.function("thumbnail");
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->folder, "/etc/tidemill/");
  EXPECT_THAT(f->config, ElementsAre(Pair("width", "100"), Pair("licence", "abc")));
  EXPECT_EQ(f->timeout, std::chrono::seconds(10));
  EXPECT_EQ(f->reserved, 8u);
  EXPECT_EQ(f->provisioned, 2u);
}

TEST(Loader, WithoutAFunctionSinksTakeEvents) {
  Desk desk;
  const Plan plan = plan_of(desk, R"(
pipelines:
  p:
    source: { generate: { rate: 60/m } }
    dead_letter: off
    sinks:
      out: { table: { name: events, key: .id, expire: 30d } }
      log: { from: event, file: { path: out.ndjson } }
)");
  const auto& p = plan.pipelines.at(0);
  EXPECT_FALSE(p.dead_letter.enabled);
  EXPECT_THAT(p.source.options, ElementsAre(Pair("rate", "1")));
  EXPECT_EQ(p.sinks[0].from, "event");
  EXPECT_THAT(p.sinks[0].connector.options, ElementsAre(Pair("name", "events"), Pair("key", ".id"),
                                                        Pair("expire", "2592000000000")));
  EXPECT_EQ(p.sinks[1].from, "event");
}

TEST(Loader, ConnectionsLendTheirOptionsAndInlineOnesWin) {
  Desk desk;
  const std::vector<ConfigText> texts{
      {"/etc/a/c.yaml", "connections:\n  photos: { bucket: { url: 'file:photos', scan: 1s } }\n"},
      {"/etc/b/p.yaml", R"(
pipelines:
  p:
    source: { bucket: { connection: photos, url: local:x, suffix: .jpg } }
    function: thumbnail
    sinks:
      small: { from: thumbnails, bucket: { connection: photos } }
      images: { table: }
      notifications: { hook: { url: x } }
functions: { thumbnail: { native: thumbnail } }
)"}};
  const auto loaded = desk.load(texts);
  EXPECT_THAT(texts_of(loaded.problems), IsEmpty());
  EXPECT_THAT(texts_of(loaded.warnings), IsEmpty());
  const auto& p = loaded.plan.value().pipelines.at(0);
  EXPECT_THAT(p.source.options,
              ElementsAre(Pair("url", "local:x"), Pair("suffix", ".jpg"), Pair("scan", "1000000")));
  // `scan` is the source's alone; the path starts where the connection stands.
  EXPECT_THAT(p.sinks[0].connector.options, ElementsAre(Pair("url", "file:/etc/a/photos")));
}

TEST(Loader, SetChangesWhatIsThereBeforeItIsChecked) {
  Desk desk;
  desk.variables["LICENCE"] = "";
  desk.overrides = {"pipelines.thumbnails.batch.events=4", "functions.thumbnail.config={width: 7}",
                    "pipelines.thumbnails.sinks.small.retry.attempts=2"};
  const Plan plan = plan_of(desk, thumbnails);
  EXPECT_EQ(plan.pipelines[0].batch.events, 4u);
  EXPECT_THAT(plan.functions[0].config, ElementsAre(Pair("width", "7")));
  EXPECT_EQ(plan.pipelines[0].sinks[0].retry.value().attempts, 2u);
}

TEST(Loader, SetIsCheckedLikeAFile) {
  Desk desk;
  desk.variables["LICENCE"] = "";
  desk.overrides = {"pipelines.thumbnails.batch.events=ten", "pipelines.nope.batch.events=4", "x",
                    "pipelines.thumbnails.order_by.x.y=1"};
  EXPECT_THAT(
      texts_of(desk.load(thumbnails).problems),
      ElementsAre("--set pipelines.nope.batch.events: error: no file has pipelines.nope; "
                  "correct the path; --set changes what is there, it adds no new names",
                  "--set pipelines.thumbnails.batch.events: error: events: expected a whole "
                  "number such as 42; got 'ten'",
                  "--set pipelines.thumbnails.order_by.x.y: error: the path leads through "
                  "something that is not a mapping; correct the path",
                  "--set x: error: expected PATH=VALUE; as in "
                  "pipelines.NAME.batch.events=4"));
}

TEST(Loader, FiveMistakesAreToldAtOnceEachInItsPlace) {
  Desk desk;
  const auto loaded = desk.load(R"(pipelines:
  thumbnails:
    source:
      bucket: { url: local:uploads, sufix: .jpg }
    function: thumbnial
    batch: { events: many, window: 250 parsecs }
    sinks:
      out: { file: {} }
functions:
  thumbnail: { native: thumbnail }
)");
  EXPECT_FALSE(loaded.plan);
  EXPECT_THAT(
      texts_of(loaded.problems),
      ElementsAre("/etc/tidemill/p.yaml:4:37: error: unknown key 'sufix'; did you mean 'suffix'?",
                  "/etc/tidemill/p.yaml:5:15: error: there is no function 'thumbnial'; did you "
                  "mean 'thumbnail'?",
                  "/etc/tidemill/p.yaml:6:22: error: events: expected a whole number such as 42; "
                  "got 'many'",
                  "/etc/tidemill/p.yaml:6:36: error: window: expected a duration such as 250ms, "
                  "10s, 5m, 1h or 14d; got '250 parsecs'",
                  "/etc/tidemill/p.yaml:8:14: error: path is missing; add it (a path): The file"));
}

TEST(Loader, NamesAreUniqueOverAllFiles) {
  Desk desk;
  const std::string text =
      "pipelines:\n  p: { source: { generate: }, sinks: { t: { table: } } }\n"
      "functions:\n  f: { native: passthrough }\nconnections:\n  c: { file: { path: x } }\n";
  const auto loaded = desk.load({{"a.yaml", text}, {"b.yaml", text}});
  EXPECT_THAT(
      texts_of(loaded.problems),
      ElementsAre("b.yaml:2:3: error: pipeline 'p' exists already; the first is at a.yaml:2:3",
                  "b.yaml:4:3: error: function 'f' exists already; the first is at a.yaml:4:3",
                  "b.yaml:6:3: error: connection 'c' exists already; the first is at "
                  "a.yaml:6:3"));
}

TEST(Loader, APipelineThatFeedsItselfIsRefused) {
  Desk desk;
  desk.variables["LICENCE"] = "";
  desk.overrides = {"pipelines.thumbnails.sinks.small.bucket.url=local:uploads"};
  const auto loaded = desk.load(thumbnails);
  EXPECT_THAT(texts_of(loaded.problems),
              ElementsAre("/etc/tidemill/p.yaml:13:9: error: sink small writes to "
                          "folder:/data/buckets/uploads/, which feeds its own pipeline: thumbnails "
                          "-> thumbnails; write to a place that none of these sources reads"));
}

TEST(Loader, ALoopOverSeveralPipelinesIsToldOnce) {
  Desk desk;
  const auto loop = [](const char* name, const char* from, const char* to) {
    return fmt::format(
        "  {}: {{ source: {{ file: {{ path: /{} }} }}, sinks: {{ o: {{ file: {{ path: "
        "/{} }} }} }} }}\n",
        name, from, to);
  };
  const auto text = "pipelines:\n" + loop("a", "x1", "x2") + loop("b", "x2", "x3") +
                    loop("c", "x3", "x1") + loop("d", "x3", "x4");
  EXPECT_THAT(desk.problems(text),
              ElementsAre("2:55: sink o writes to file:/x2, which feeds its own pipeline: a -> b "
                          "-> c -> a; write to a place that none of these sources reads"));
}

TEST(Loader, AMissingInputIsAProblemUnlessThePlanWritesIt) {
  Desk desk;
  EXPECT_THAT(
      desk.problems(
          "pipelines:\n"
          "  a: { source: { file: { path: nope } }, sinks: { o: { file: { path: /m } } } }\n"
          "  b: { source: { file: { path: /m } }, sinks: { o: { table: } } }\n"
          "  c: { source: { bucket: { url: 'file:no/photos' } }, sinks: { o: { table: } } }\n"),
      ElementsAre("2:32: path: '/etc/tidemill/nope' does not exist; create it, or correct the path",
                  "4:33: url: '/etc/tidemill/no/photos' does not exist; create it, or correct the "
                  "path"));
}

TEST(Loader, APatternNeedsOnlyTheFolderAboveIt) {
  Desk desk;
  EXPECT_THAT(desk.problems(
                  "pipelines:\n"
                  "  a: { source: { file: { path: '/*.nope' } }, sinks: { o: { table: } } }\n"
                  "  b: { source: { file: { path: '/nope/a?/x' } }, sinks: { o: { table: } } }\n"),
              ElementsAre("3:32: path: '/nope' does not exist; create it, or correct the path"));
}

TEST(Loader, ASecretIsNeverShown) {
  Desk desk;
  desk.variables["LICENCE"] = "s3cr3t";
  desk.variables["N"] = "s3cr3t";
  const Plan plan = plan_of(desk, thumbnails);
  EXPECT_THAT(desk.explained(plan), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(desk.explained(plan), HasSubstr("licence: (hidden)"));
  desk.overrides = {"functions.thumbnail.config.width=${N}",
                    "functions.thumbnail.config.licence=[[s3cr3t]]"};
  const auto loaded = desk.load(thumbnails);
  EXPECT_EQ(loaded.problems.size(), 2u);
  for (const auto& text : texts_of(loaded.problems)) EXPECT_THAT(text, Not(HasSubstr("s3cr3t")));
}

TEST(Loader, WhatExplainPrintsLoadsToTheSamePlan) {
  Desk desk;
  desk.variables["LICENCE"] = "";
  const std::string first = desk.explained(plan_of(desk, thumbnails));
  EXPECT_EQ(desk.explained(plan_of(desk, first)), first);
  EXPECT_THAT(first, HasSubstr("    retry:\n      attempts: 4\n      backoff: { initial: 100ms, "
                               "max: 30s, jitter: none }\n"));
}

TEST(Loader, StepsArePlannedInTheirOrderAndExplained) {
  Desk desk;
  const auto loaded = desk.load(R"(pipelines:
  p:
    source: { generate: {} }
    steps:
      - filter: { data: { n: [ 7, "7", null, true, { numeric: [ ">", 1.5e3 ] } ], z: [ 007 ] } }
      - map: '{id: "a"}'
      - function: f
    sinks:
      images: { table: {} }
      thumbnails: { bucket: { url: local:x }, when: { key: [ { suffix: .jpg } ] } }
      notifications: { hook: { url: x }, map: .id }
functions:
  f: { native: thumbnail }
)");
  ASSERT_TRUE(loaded.plan) << ::testing::PrintToString(texts_of(loaded.problems));
  const PipelinePlan& plan = loaded.plan->pipelines[0];
  ASSERT_EQ(plan.steps.size(), 2u);
  EXPECT_EQ(plan.steps[0].text,
            R"({"data":{"n":[7,"7",null,true,{"numeric":[">",1.5e3]}],"z":["007"]}})");
  EXPECT_EQ(plan.steps[1].kind, StepPlan::Kind::map);
  EXPECT_EQ(plan.function, "f");
  EXPECT_EQ(plan.sinks[1].when, R"({"key":[{"suffix":".jpg"}]})");
  EXPECT_EQ(plan.sinks[2].map, ".id");

  const std::string explained = desk.explained(*loaded.plan);
  EXPECT_THAT(explained, HasSubstr("    steps:\n      - filter: {\"data\":"));
  EXPECT_THAT(explained, HasSubstr("      - map: \"{id: \\\"a\\\"}\"\n      - function: f\n"));
  EXPECT_EQ(desk.explained(plan_of(desk, explained)), explained);
}

TEST(Loader, AFilterAndAFunctionHaveShortForms) {
  Desk desk;
  const auto loaded = desk.load(
      "pipelines:\n  p:\n    source: { generate: }\n    filter: { type: [ a ] }\n"
      "    function: f\n    sinks: { rows: { table: } }\nfunctions:\n  f: { native: passthrough "
      "}\n");
  ASSERT_TRUE(loaded.plan);
  ASSERT_EQ(loaded.plan->pipelines[0].steps.size(), 1u);
  EXPECT_EQ(loaded.plan->pipelines[0].function, "f");
}

TEST(Loader, MemoryAndUnusedConnectionsAreWarnedOf) {
  Desk desk;
  const auto loaded = desk.load(
      "connections:\n  c: { file: { path: x } }\n"
      "pipelines:\n  p: { source: { generate: }, sinks: { t: { table: } } }\n"
      "functions:\n  f: { native: passthrough, memory: 64MiB }\n");
  EXPECT_TRUE(loaded.plan);
  EXPECT_THAT(texts_of(loaded.warnings),
              ElementsAre(HasSubstr(":2:3: error: no connector uses connection 'c'"),
                          HasSubstr(":6:29: error: memory is not enforced")));
}

TEST(Loader, AFunctionInAWorkerHasItsMemoryEnforced) {
  Desk desk;
  const auto loaded = desk.load(
      "pipelines:\n  p: { source: { generate: }, sinks: { t: { table: } } }\n"
      "functions:\n  f: { native: passthrough, isolation: worker, memory: 64MiB, timeout: 2s }\n");
  ASSERT_TRUE(loaded.plan);
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.plan->functions[0].isolation, Isolation::worker);
  EXPECT_EQ(loaded.plan->functions[0].memory.value, 64u << 20);
  EXPECT_THAT(desk.explained(*loaded.plan), HasSubstr("    isolation: worker\n"));
}

TEST(Loader, AFunctionRunsInProcessUnlessToldOtherwise) {
  Desk desk;
  const auto loaded = desk.load(
      "pipelines:\n  p: { source: { generate: }, sinks: { t: { table: } } }\n"
      "functions:\n  f: { native: passthrough }\n");
  ASSERT_TRUE(loaded.plan);
  EXPECT_EQ(loaded.plan->functions[0].isolation, Isolation::in_process);
  EXPECT_THAT(desk.explained(*loaded.plan), HasSubstr("    isolation: in_process\n"));
}

TEST(Loader, ASourceThatNeverEndsRefusesUntilIdle) {
  Desk desk;
  desk.until_idle = true;
  EXPECT_THAT(
      desk.problems("pipelines: { p: { source: { generate: }, sinks: { t: { table: } } } }"),
      ElementsAre("1:29: a source of kind generate never ends; run it without "
                  "--until-idle"));
}

TEST(Loader, AFolderStandsForItsFilesButNotForTests) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "config_folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "below");
  const auto write = [&](const char* name, const char* pipeline) {
    std::ofstream(folder / name) << "pipelines: { " << pipeline
                                 << ": { source: { generate: }, sinks: { t: { table: } } } }\n";
  };
  write("b.yaml", "two");
  write("a.yml", "one");
  write("a.test.yaml", "broken: [");
  write("notes.txt", "broken: [");
  write("below/c.yaml", "three");
  Desk desk;
  const auto loaded = desk.load_paths({folder.string(), (folder / "b.yaml").string()});
  EXPECT_THAT(texts_of(loaded.problems), IsEmpty());
  ASSERT_EQ(loaded.plan.value().pipelines.size(), 2u);
  EXPECT_EQ(loaded.plan->pipelines[0].name, "one");
  EXPECT_EQ(loaded.plan->pipelines[1].name, "two");
  EXPECT_THAT(texts_of(desk.load_paths({(folder / "below" / "no").string(),
                                        (folder / "none.yaml").string()})
                           .problems),
              ElementsAre(HasSubstr("no: error: there is no such file or folder; correct the path"),
                          HasSubstr("none.yaml: error: there is no such file or folder")));
}

}  // namespace
}  // namespace tidemill::config
