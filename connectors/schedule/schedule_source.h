// ScheduleSource: the instants of a timetable as events, each once.
//
// An instant is its event's offset, in seconds since 1970: what commits with the effects of an
// event says which instants are done, and a restart goes on with the next one. Offsets ascend, so a
// clock that is set back makes no instant come again; one that is set forward is noticed within
// seconds, and what it jumped over is missed, as during downtime. Never leaves the executor, but to
// read a file when it opens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "first_start.h"
#include "schedule.h"
#include "scheduled_payload.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill::schedule {

class ScheduleSource final : public Source {
 public:
  ScheduleSource(const Config& config, Timetable timetable, ScheduledPayload payload,
                 Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return *identity_; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::string trouble() const override;
  Task<> close() override;

 private:
  void judge_missed();
  void take_due(Credit credit, std::vector<Event>& out);
  Event event_of(Seconds instant, Bytes data) const;
  WallTime due(Seconds instant) const;
  void say(LogLevel level, const std::string& sentence);

  Config config_;
  Timetable timetable_;
  ScheduledPayload payload_;
  Services services_;
  std::shared_ptr<const std::string> identity_;
  FirstStart first_start_;
  Signal wake_;
  std::optional<Seconds> next_;  // The instant to be delivered next; empty: there is none any more.
  Seconds judged_{};             // Of those before it was decided what becomes of them.
  std::optional<Seconds> last_;  // Delivered or settled last.
  bool interrupted_ = false;
};

}  // namespace tidemill::schedule
