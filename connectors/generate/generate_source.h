// GenerateSource: events 0, 1, 2, ..., dealt out to the partitions in turn, made up as they are
// asked for.
//
// With P partitions event n is number n / P of partition n % P, and that number is its offset: a
// restart goes on where each partition stopped, with the same events. One arena holds the payloads
// of one poll. Never leaves the executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "generate.h"
#include "records/key_field.h"
#include "template_text/payload.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill::generate {

class GenerateSource final : public Source {
 public:
  GenerateSource(const Config& config, std::unique_ptr<template_text::Payload> payload,
                 Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return strings_->identity; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

 private:
  // What all events refer to.
  struct Strings {
    std::string identity;
    std::string content_type;
  };

  struct Arena;

  std::uint64_t due() const;
  std::uint64_t end_of(std::uint64_t partition) const;
  void turn_to_what_is_left();
  void make(std::uint64_t count, Credit credit, std::vector<Event>& out);

  Config config_;
  Services services_;
  std::shared_ptr<const Strings> strings_;
  std::unique_ptr<template_text::Payload> payload_;
  records::KeyField key_;
  Signal wake_;
  std::vector<std::uint64_t> next_;  // Offset of each partition's next event.
  std::uint64_t turn_ = 0;           // The partition whose turn it is.
  std::uint64_t given_ = 0;          // Invariant: the sum of next_.
  // With a rate: one event is due at started_, when first_ were given; others follow at the rate.
  std::uint64_t first_ = 0;
  Instant started_{};
  bool interrupted_ = false;
};

}  // namespace tidemill::generate
