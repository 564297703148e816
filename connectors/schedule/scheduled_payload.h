// ScheduledPayload: what the event of an instant says. With `data:` that is a mapping whose texts
// have placeholders; without, the event that EventBridge sends for a rule with a schedule.
//
// All of it is a function of the pipeline, its schedule and the instant, so a repeat says the same.
// A value; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "template_text/payload.h"
#include "tidemill/result.h"
#include "timetable.h"

namespace tidemill::schedule {

class ScheduledPayload {
 public:
  /// `data` is JSON, or empty. Errors: bad_config, naming the placeholder that is wrong.
  static Result<ScheduledPayload> make(std::string_view data, std::string_view pipeline,
                                       std::string_view identity);

  std::string text(Seconds instant) const;

  /// A number for what is drawn by lot at that instant.
  std::uint64_t dice(Seconds instant) const;

 private:
  std::string event_bridge(Seconds instant) const;

  std::uint64_t seed_ = 0;
  std::string resource_;  ///< JSON.
  std::unique_ptr<template_text::Payload> template_;
};

}  // namespace tidemill::schedule
