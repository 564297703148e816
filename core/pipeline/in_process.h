// InProcessFunction: one function at work in the engine's process, and what protects the engine
// from it. Its pipelines reach it through InProcessInvoker.
//
// A function that declares itself non-blocking runs on the event loop, watched by InlineWatch. Any
// other runs on threads of its own, and each call has a deadline, counted from the start of its
// handler:
//
//     deadline          the handler is asked to stop (`expired`, and the plugin's own cancel, on a
//                       thread for nothing else)
//     deadline + grace  the call ends as a transient failure; its thread is lost, and replaced
//     two lost threads  the function is unhealthy: batches wait, no attempt is spent on them
//
// A lost thread whose handler returns after all makes the function one step healthier; its late
// answer is dropped. Driven from the scheduler's executor.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/invoker.h"
#include "core/dispatch/memory_budget.h"
#include "core/dispatch/turnstile.h"
#include "core/invoke/answer_hold.h"
#include "core/invoke/call_threads.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/function_call.h"
#include "core/invoke/function_threads.h"
#include "core/invoke/inline_watch.h"
#include "core/invoke/native_function.h"
#include "core/pipeline/quarantine.h"
#include "core/pipeline/recorded_suspects.h"
#include "tidemill/log.h"

namespace tidemill {

class InProcessFunction {
 public:
  static constexpr Duration grace = std::chrono::seconds(1);
  static constexpr std::size_t lost_threads_max = 2;  ///< With so many it is unhealthy.

  /// What is shared with others outlives the function.
  struct Parts {
    Scheduler& scheduler;
    Log& log;
    std::string name;
    Duration timeout{0};
    std::unique_ptr<NativeFunction> function;
    std::unique_ptr<CallThreads> threads;  ///< Null for a non-blocking function.
    std::uint32_t reserved = 0;            ///< Most calls at once; 0: no cap.
    CrashRecord* record = nullptr;         ///< Null: nothing is recorded.
    InlineWatch* watch = nullptr;          ///< Null: nobody watches.
    MemoryBudget* budget = nullptr;        ///< What lost threads hold is taken from it. Null: none.
    Quarantine* quarantine = nullptr;      ///< Null: no crash has to be placed.
    std::function<Instant()> now;          ///< Thread-safe; the scheduler's time.
  };

  explicit InProcessFunction(Parts parts);
  ~InProcessFunction();
  InProcessFunction(const InProcessFunction&) = delete;
  InProcessFunction& operator=(const InProcessFunction&) = delete;

  enum class Suspected { no, alone, sole };  ///< The last: with no call beside it.

  /// `suspected`: its only event. `request` and all it views outlive the answer.
  Task<Answer> invoke(const Request& request, BatchOrigin origin, Suspected suspected);

  /// Asks all running handlers to stop. From any thread.
  void cancel();

  /// Gives up all calls under way, as cancelled: the engine is to end.
  void abandon();

  /// Why batches wait, in a sentence; empty while it is healthy.
  std::string complaint() const;

  /// Threads that have not come back.
  std::size_t lost_threads() const { return parts_.threads ? parts_.threads->lost() : 0; }

  /// Whether a thread is in the plugin's cancel. While one is, this must not be destroyed either:
  /// it would wait for it.
  bool cancelling() const { return cancelling_.load() > 0; }

  /// Bytes of the events that lost threads still hold, and that the budget is short of.
  std::uint64_t lost_bytes() const;

  NativeFunction& native() { return *parts_.function; }

 private:
  using Calls = std::vector<std::shared_ptr<FunctionCall>>;

  Task<Answer> invoke_on_a_thread(const Request& request, BatchOrigin origin, bool alone);
  Answer invoke_inline(const Request& request, BatchOrigin origin, bool alone);
  Task<> finish(std::shared_ptr<FunctionCall> call);
  void look_at(Instant when);
  void look();
  std::optional<Error> refusal();
  void hurry_up(const std::shared_ptr<FunctionCall>& call);
  void start_cancel(CallThreads::Work work);
  void give_up_late(const std::shared_ptr<FunctionCall>& call);
  void charge_lost();
  void charge_lost_soon();
  bool give_up(const std::shared_ptr<FunctionCall>& call, Error error, bool blame);

  const Parts parts_;
  const InlineWatch::Subject subject_;
  const AnswerGuards guards_;
  std::unique_ptr<Turnstile> reserved_;
  Calls calls_;                                    // Under way, somebody waits for each.
  std::vector<std::weak_ptr<FunctionCall>> lost_;  // Given up; those that live run on.
  std::optional<MemoryBudget::Share> charged_;     // Of those; while they hold anything.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  bool stopped_ = false;    // abandon() was called.
  bool unhealthy_ = false;  // As it was last logged.
  Instant look_at_ = Instant::max();
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;
  std::atomic<std::size_t> cancelling_ = 0;
  FunctionThreads cancels_{1};  // Last: what runs there refers to the others.
};

/// How one pipeline reaches its function.
class InProcessInvoker final : public Invoker {
 public:
  /// `suspects` may be null.
  InProcessInvoker(InProcessFunction& function, BatchOrigin origin,
                   const RecordedSuspects* suspects)
      : function_(function), origin_(origin), suspects_(suspects) {}

  const FunctionTraits& traits() const override { return function_.native().traits(); }
  std::string_view version() const override { return function_.native().version(); }
  Task<Answer> invoke(const Request& request) override;

 private:
  InProcessFunction& function_;
  const BatchOrigin origin_;
  const RecordedSuspects* suspects_;
};

}  // namespace tidemill
