// GenerateSource: events 0, 1, 2, ... of one partition, made up as they are asked for.
//
// The offset is the index, so a restart goes on where it stopped with the same events. One arena
// holds the payloads of one poll. Never leaves the executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "generate.h"
#include "payload.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill::generate {

class GenerateSource final : public Source {
 public:
  GenerateSource(const Config& config, Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return *identity_; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

 private:
  std::uint64_t due() const;
  void make(std::uint64_t count, Credit credit, std::vector<Event>& out);

  Config config_;
  Services services_;
  std::shared_ptr<const std::string> identity_;
  Payload payload_;
  Signal wake_;
  std::uint64_t next_ = 0;
  // With a rate: event first_ is due at started_, the others follow at the rate.
  std::uint64_t first_ = 0;
  Instant started_{};
  bool interrupted_ = false;
};

}  // namespace tidemill::generate
