// JqProgram: one compiled jq program. What it can do to the process - look at its environment, read
// files, end it, write to its stderr - is taken out of the language.
//
// Thread safety: none; several of one text run side by side.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/expression/event_view.h"
#include "core/expression/jq_guard.h"
#include "core/expression/limits.h"
#include "core/expression/value.h"
#include "tidemill/result.h"

namespace tidemill::expression {

class JqProgram {
 public:
  /// Takes some 20 ms. `reads_event`: $event is there.
  ///
  /// Errors: bad_config, in jq's words and with their place.
  static Result<std::unique_ptr<JqProgram>> compile(std::string_view text, bool reads_event,
                                                    Limits limits);
  ~JqProgram();
  JqProgram(const JqProgram&) = delete;
  JqProgram& operator=(const JqProgram&) = delete;

  /// All that the program gives for `data`, in order. Errors: bad_event.
  Result<std::vector<Value>> run(std::string_view data, const EventView& event, Strings strings);

  /// False: libjq was left in the middle of a run. There is no other for this object.
  bool usable() const { return jq_ != nullptr; }

  /// What is lost for good since.
  std::size_t lost_bytes() const { return usable() ? 0 : compiled_bytes_ + guard_.lost_bytes(); }

 private:
  struct Run;

  JqProgram(bool reads_event, Limits limits);
  static void perform(void* run);
  bool give(jv value, Run& run) const;
  std::unexpected<Error> fault(const Run& run) const;

  const bool reads_event_;
  const Limits limits_;
  JqGuard guard_;
  jq_state* jq_ = nullptr;
  std::size_t compiled_bytes_ = 0;
};

}  // namespace tidemill::expression
