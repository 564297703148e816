// EventDraft: one event while its attributes come in, whatever the mode. It knows the rules that
// hold for attributes of CloudEvents.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "cloud_events.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill::cloudevents {

/// What the events of one message share; it lives as long as one of them.
struct Kept {
  std::string body;
  std::deque<std::string> texts;      ///< What does not stand in the body as it is meant.
  std::vector<Attribute> extensions;  ///< Of all events, one after the other.

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

/// "it has no id", as the error of an event.
std::unexpected<Error> refuse(std::string why);

/// A piece of a message that may be shown in a sentence: printable, and short.
std::string shown(std::string_view text);

class EventDraft {
 public:
  EventDraft(Kept& kept, const Limits& limits)
      : kept_(kept), limits_(limits), first_extension_(kept.extensions.size()) {}

  /// Takes an attribute. Name and value are UTF-8 and live as long as what is kept.
  Result<> set(std::string_view name, std::string_view value);

  /// The event without its data, once all attributes are there; its extensions are found when those
  /// of all events are, see extension_count().
  Result<Event> finish() const;

  std::size_t extension_count() const { return kept_.extensions.size() - first_extension_; }

 private:
  Result<> set_version(std::string_view value);
  Result<> set_time(std::string_view value);
  Result<> add_extension(std::string_view name, std::string_view value);
  std::string_view* known(std::string_view name);

  Kept& kept_;
  const Limits& limits_;
  std::size_t first_extension_;
  Event event_;
  bool has_version_ = false;
  bool has_time_ = false;
};

}  // namespace tidemill::cloudevents
