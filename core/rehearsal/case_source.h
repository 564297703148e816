// CaseSource: the source of a pipeline in a rehearsal. It is what the real one says that it is, but
// the events that it hands over are those of the case, each at its moment of virtual time.
//
// It ends when the rehearsal says so, not behind its last event: at the end of a source open
// batches close at once, and a case is about how they close by themselves.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/rehearsal/case_file.h"
#include "core/rehearsal/journal.h"
#include "tidemill/source.h"

namespace tidemill::rehearsal {

/// What all sources of a rehearsal share. Outlives them.
struct Curtain {
  bool fallen = false;
  std::size_t waiting = 0;        ///< Events that were not handed over yet.
  std::vector<Signal*> audience;  ///< Of the sources that wait for it to fall.

  void fall() {
    fallen = true;
    for (Signal* signal : audience) signal->notify();
  }
};

class CaseSource final : public Source {
 public:
  struct Parts {
    std::unique_ptr<Source> real;  ///< Never opened. Null: of no system, as a log.
    std::string identity;          ///< Without a real one.
    std::vector<CaseEvent> events;
    EventTime start;  ///< The wall clock at the start.
  };

  CaseSource(Parts parts, Scheduler& scheduler, Journal& journal, Curtain& curtain);
  ~CaseSource() override;

  SourceTraits traits() const override { return traits_; }
  std::string identity() const override { return identity_; }
  bool sees(std::string_view place) const override {
    return parts_.real != nullptr && parts_.real->sees(place);
  }

  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void pause(Partition partition, bool paused) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Result<Bytes> read_object(const Event& event, std::uint64_t bytes_max) override;
  Task<> close() override;

 private:
  struct Prepared {
    Instant due;
    Event event;
  };

  void prepare(Instant start);
  Event event_of(const std::shared_ptr<const CaseEvent>& what) const;
  bool take_due(Credit credit, std::vector<Event>& out, bool& cramped);
  std::optional<Instant> next_due() const;

  Parts parts_;
  const SourceTraits traits_;
  const std::string identity_;
  Scheduler& scheduler_;
  Journal& journal_;
  Curtain& curtain_;
  Signal wake_;
  std::vector<Prepared> waiting_;  // Ascending by `due`.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const CaseEvent>> objects_;
  std::set<Partition> paused_;
  bool interrupted_ = false;
};

}  // namespace tidemill::rehearsal
