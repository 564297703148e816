// ScalarReader: several keys, instants and numbers of one event. Where plain paths say where they
// stand, its data is looked through once, and nothing is built of it.
//
// Errors of all of them are those of evaluate_key() and evaluate_time(): bad_event, with the
// reason. At most one at a time on a thread, and no other expression is evaluated there meanwhile.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json_number.h"
#include "core/expression/event_view.h"
#include "core/expression/expression.h"
#include "tidemill/result.h"

namespace tidemill::expression {

class ScalarReader {
 public:
  /// Both outlive it.
  ScalarReader(std::string_view data, const EventView& event) : data_(data), event_(event) {}

  Result<std::string> key(const Expression& expression);
  Result<EventTime> time(const Expression& expression);

  /// An integer that fits in 64 bits with its sign is one; any other number is the nearest double.
  Result<JsonNumber> number(const Expression& expression);

 private:
  bool direct(const Expression& expression) const;
  template <class Read>
  auto at(const Expression& expression, Read read);

  std::string_view data_;
  const EventView& event_;
  bool open_ = false;  // The thread's document is of `data_`.
};

}  // namespace tidemill::expression
