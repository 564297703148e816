// ReplayStream: how far a replay has come, line by line, until its last letter has been played.
//
// Whoever asked for the replay reads it. If they leave before its end, what was not played yet
// stays a dead letter; if the engine stops before, it plays the rest when it runs next.
#pragma once

#include <optional>
#include <string>

#include "core/letters/letters.h"
#include "core/pipeline/engine.h"
#include "tidemill/http.h"

namespace tidemill::app {

class ReplayStream final : public BodyStream {
 public:
  /// `head` is sent first. `engine` outlives the stream.
  ReplayStream(Scheduler& scheduler, Engine& engine, letters::Choice choice, letters::Form form,
               std::string head);
  ~ReplayStream() override;

  Task<std::optional<std::string>> next() override;

 private:
  std::string line(const letters::ReplayProgress& progress) const;
  std::string last_line(const letters::ReplayProgress& progress) const;

  Scheduler& scheduler_;
  Engine& engine_;
  letters::Choice choice_;
  const letters::Form form_;
  std::string head_;
  Duration pause_;
  bool ended_ = false;
  Signal wake_;
};

}  // namespace tidemill::app
