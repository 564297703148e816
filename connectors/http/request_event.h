// RequestEvents: what of a request is the data of its event, and what its attributes. Pure.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http.h"
#include "listener.h"
#include "tidemill/event.h"
#include "tidemill/http.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::http {

class RequestEvents {
 public:
  /// `source` is what events say of where they come from.
  RequestEvents(const SourceConfig& config, std::string source);

  using Chance = std::pair<std::uint64_t, std::uint64_t>;
  /// Of one request, so one as a rule.
  using Events = boost::container::small_vector<Event, 1>;

  /// Appends the events of a request, without their place: one, or those of a batch of CloudEvents,
  /// none perhaps. Takes out of the request what they keep. `chance` makes the id of the request,
  /// which no other has.
  ///
  /// Errors: bad_event, with a sentence for the sender.
  Result<> make(HttpRequest& request, const Admitted& admitted, WallTime now, const Chance& chance,
                Events& out) const;

 private:
  Result<> cloud_events(HttpRequest& request, WallTime now, Events& out) const;
  std::string id_of(const HttpRequest& request, const Admitted& admitted) const;
  void remove_proofs(HttpRequest& request) const;
  bool is_secret(const HttpHeader& header) const;
  std::string gateway_event(const HttpRequest& request, const Admitted& admitted, WallTime now,
                            const Chance& chance) const;
  Event plain(HttpRequest& request, const Admitted& admitted, WallTime now,
              const Chance& chance) const;

  const std::shared_ptr<const std::string> source_;  // Shared with all events.
  const std::string id_header_;
  const bool detects_;
  const bool cloud_events_only_;
  const Shape plain_;
  std::vector<std::string> secret_headers_;  // Lower case: they are no extensions.
  std::vector<std::string> proofs_;  // What callers prove themselves with: no function sees it.
};

}  // namespace tidemill::http
