// FileSourceTest: a file source as the engine drives it, over real files in a folder of its own, on
// virtual time. A Life is one run of it; progress and the data folder outlive it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "file_source.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::file {

inline std::vector<std::string> texts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) texts.emplace_back(event.data.view());
  return texts;
}

enum class Until { idle, interrupted };

class FileSourceTest : public ::testing::Test {
 protected:
  using MapProgress = testing::MapProgress;
  using RecordingLog = testing::RecordingLog;
  using SourceDriver = testing::SourceDriver;
  using TempFolder = testing::TempFolder;
  using VirtualScheduler = testing::VirtualScheduler;

  FileSourceTest() {
    config_.path = {folder_ / "in"};
    config_.line_max = {4096};
  }

  struct Life {
    Life(FileSourceTest& test, Until until)
        : source(test.config_, FilePattern::is_pattern(test.config_.path.value),
                 Services{test.scheduler_, test.log_, test.data_.path(), until == Until::idle},
                 std::make_shared<FileHistories>()),
          driver(test.scheduler_, source) {
      opened = driver.open(test.progress_);
    }
    FileSource source;
    SourceDriver driver;
    Result<> opened;
  };

  std::unique_ptr<Life> start(Until until) {
    auto life = std::make_unique<Life>(*this, until);
    EXPECT_TRUE(life->opened) << life->opened.error().message;
    return life;
  }

  /// A whole run until idle whose events are all settled.
  std::vector<std::string> run() {
    const auto events = start(Until::idle)->driver.drain();
    settle(events);
    return texts(events);
  }

  void settle(const std::vector<Event>& events) {
    for (const Event& event : events) progress_.settle(event);
  }

  TempFolder folder_;
  TempFolder data_;
  SourceConfig config_;
  VirtualScheduler scheduler_;
  RecordingLog log_;
  MapProgress progress_;
};

}  // namespace tidemill::file
