// StdinSource: the records of standard input as a log of one partition.
//
// Offsets count bytes and go on from run to run; what was read once cannot be read again, but for
// what the tape still has. Reads on the pool once there is something; waits on the executor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stdin_tape.h"
#include "tidemill/async.h"
#include "tidemill/descriptor_watch.h"
#include "tidemill/source.h"

namespace tidemill::stdin {

class StdinSource final : public Source {
 public:
  StdinSource(Config config, Services services, std::shared_ptr<StdinTape> tape);
  ~StdinSource() override;

  SourceTraits traits() const override;
  std::string identity() const override { return tape_->source(); }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

 private:
  void give_back();

  const Config config_;
  const Services services_;
  const std::shared_ptr<StdinTape> tape_;
  bool borrowed_ = false;
  bool ended_ = false;
  bool interrupted_ = false;

  DescriptorWatch watch_;
};

}  // namespace tidemill::stdin
