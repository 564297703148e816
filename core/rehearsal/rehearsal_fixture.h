// RehearsalFixture: runs the one case of a text over a plan of a text. For tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/testing/fakes.h"
#include "core/rehearsal/rehearsal.h"
#include "core/rehearsal/rehearsed_functions.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::rehearsal {

class RehearsalFixture : public ::testing::Test {
 protected:
  /// `plan` reads the source `feed`, a log that nobody else fills.
  explicit RehearsalFixture(std::string plan) : plan_(std::move(plan)) {
    struct NoOptions {};
    registry_.add_source(
        "feed", ConfigSpec<NoOptions>("Nothing."),
        [](const NoOptions&, const Services&) { return std::make_unique<Feed>(); });
  }

  /// `text` is what stands in the case below its name.
  Result<Outcome> rehearse_case(const std::string& text) {
    config::Problems problems;
    file_ = read_case_file("cases:\n  - name: a case\n" + text, "p.test.yaml", problems);
    if (!problems.empty())
      return fail(Fault::bad_config, config::to_string(problems.errors().front()));
    const Case& one = file_.cases.front();
    StandInCatalog catalog(catalog_, one);
    const Services services{scheduler_, log_, folder_.path(), false};
    const config::LoadRequest request{
        {}, {}, [](std::string_view) { return std::nullopt; }, services, true};
    const std::vector<config::ConfigText> texts{{"/etc/p.yaml", plan_}};
    const auto loaded = config::load_texts(texts, request, registry_, catalog);
    if (!loaded.plan) return fail(Fault::bad_config, config::to_string(loaded.problems.front()));
    scene_ = set_scene(one, *loaded.plan, registry_, catalog, services, problems);
    if (!scene_) return fail(Fault::bad_config, config::to_string(problems.errors().front()));
    return rehearse(one, *scene_, {registry_, plugins_, folder_.path()});
  }

  /// What came of a case that can be rehearsed.
  Outcome outcome_of_case(const std::string& text) {
    const auto outcome = rehearse_case(text);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return outcome ? *outcome : Outcome{};
  }

  static std::string text_of(const boost::json::value& value) {
    return boost::json::serialize(value);
  }

  class Feed final : public Source {
   public:
    SourceTraits traits() const override { return {ProgressKind::log, false, true}; }
    std::string identity() const override { return "feed"; }
    bool sees(std::string_view) const override { return false; }
    Task<Result<>> open(const Progress&) override { co_return Result<>{}; }
    Task<Result<PollEnd>> poll(Credit, std::vector<Event>&) override {
      co_return PollEnd::exhausted;
    }
    void interrupt() override {}
    Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
    Task<> close() override { co_return; }
  };

  const std::string plan_;
  Registry registry_ = config::testing::fake_registry();
  config::testing::FakeCatalog catalog_;
  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  config::testing::SilentLog log_;
  PluginCatalog plugins_{PluginPath({})};
  CaseFile file_;
  std::optional<Scene> scene_;
};

}  // namespace tidemill::rehearsal
