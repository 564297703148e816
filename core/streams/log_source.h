// LogSource: reads an embedded log, or the changes of a table, for one pipeline.
//
// Where it begins is written down before the first record is handed over: a restart finds its place
// although nothing has settled yet. What retention has removed in front of it is lost, and told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/stream_ports.h"
#include "core/streams/embedded_log.h"
#include "tidemill/log.h"
#include "tidemill/scheduler.h"
#include "tidemill/source.h"

namespace tidemill {

/// Where a reader without progress begins.
struct LogStart {
  enum class At { earliest, latest, time } at = At::earliest;
  WallTime time;  ///< At::time: with the first record that was written then or later.
};

class LogSource final : public Source, public Backlog {
 public:
  struct Options {
    std::string pipeline;
    PipelineId id;
    LogStart start;
    bool until_idle = false;
  };

  /// All outlive it.
  LogSource(EmbeddedLog& log, Scheduler& scheduler, Log& messages, Options options);
  ~LogSource() override;

  SourceTraits traits() const override {
    return {.progress = ProgressKind::log, .can_exhaust = true, .can_pause = true};
  }
  std::string identity() const override { return log_.place(); }
  bool sees(std::string_view place) const override { return place == log_.place(); }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void pause(Partition partition, bool paused) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::optional<std::uint64_t> behind() const override;
  Task<> close() override;

  /// Records that retention had removed before they were read here.
  std::uint64_t lost() const { return lost_; }

 private:
  struct Lane {
    Partition partition;
    std::uint64_t next = 1;  // To be handed over.
    StreamPage page;
    std::size_t at = 0;  // In the page.
    bool unread = true;  // There may be more behind it.
    bool paused = false;
  };

  enum class Handed { some, no_room, none };
  Handed hand_out(const Credit& credit, std::vector<Event>& out);
  Lane* lane_to_read();
  Task<Result<>> read(Lane& lane);
  void note_gap(Lane& lane, std::uint64_t found);
  Result<std::uint64_t> start_of(Partition partition, bool first_time) const;

  EmbeddedLog& log_;
  Log& messages_;
  const Options options_;
  Signal wake_;
  std::vector<Lane> lanes_;
  std::uint64_t seen_news_ = 0;
  std::size_t turn_ = 0;  // The lane to begin with.
  std::uint64_t lost_ = 0;
  bool subscribed_ = false;
  bool interrupted_ = false;
};

}  // namespace tidemill
