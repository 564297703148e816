// StandInInvoker: a mocked function. Its rules decide what becomes of each event of a batch, and
// how long that takes in virtual time.
#pragma once

#include <string>

#include "core/config/function_catalog.h"
#include "core/dispatch/invoker.h"
#include "core/rehearsal/journal.h"
#include "core/rehearsal/rule_book.h"

namespace tidemill::rehearsal {

class StandInInvoker final : public Invoker {
 public:
  /// What several invokers of one function share; outlives them.
  struct Role {
    std::string name;
    const config::FunctionDecl& decl;
    RuleBook& rules;
    const FunctionTraits& traits;
    bool in_worker = false;
    Turnstile* reserved = nullptr;
  };

  StandInInvoker(Role role, Scheduler& scheduler, Journal& journal)
      : role_(std::move(role)), scheduler_(scheduler), journal_(journal) {}

  const FunctionTraits& traits() const override { return role_.traits; }
  std::string_view version() const override { return version_of_mocks; }
  Task<Answer> invoke(const Request& request) override;

  static constexpr std::string_view version_of_mocks = "mocked";

 private:
  struct Plan {
    std::vector<const Rule*> rules;  // One per event; null: it succeeds, and has no effects.
    const Rule* whole = nullptr;     // Decides for the batch.
    Duration takes{0};
  };

  Plan plan(const Request& request);
  std::string reason_of(const Rule& rule, const Request& request) const;
  Answer answer(const Request& request, const Plan& plan) const;

  Role role_;
  Scheduler& scheduler_;
  Journal& journal_;
};

/// Why an effect cannot be one of this function; empty: it can.
std::string complaint_of(const Emission& emission, const config::FunctionDecl& decl);

}  // namespace tidemill::rehearsal
