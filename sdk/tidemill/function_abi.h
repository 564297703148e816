/* The C ABI between the engine and a native function.
 *
 * A plugin is a shared object that exports one symbol, tidemill_function_entry, which answers the
 * major version asked for with a table of functions, or with NULL. Plugins of another compiler, or
 * of another language, load as well: only C types cross. C++ authors use function.h.
 *
 * Growth: every struct but slice and pair (which never change) starts with its size in bytes as its
 * author compiled it. A reader must not touch a field that lies beyond `size`; arrays of structs
 * are walked by the stride beside them. Fields are only ever added at the end (minor version);
 * anything else is a new major version. The engine takes plugins of its own major and of its own
 * minor or an older one. The first four fields of tidemill_function stand still over all majors, so
 * that an engine can say which version a plugin was built for.
 *
 * Memory: every slice in a request lives until the response is freed, so an effect may point into
 * the request's events; what read_object and read_row gave lives until handle returns, or shorter.
 * A response belongs to the plugin until free_response; its memory comes from host->allocate, so
 * that the engine can charge it. No exception may cross in either direction.
 *
 * Threads: create, destroy and handle of one instance are never called concurrently, but not always
 * from one thread; different instances run side by side. cancel and free_response may come from any
 * thread while handle of the same instance runs; free_response once for each response, in any
 * order, always before destroy. With TIDEMILL_THREAD_SAFE one instance may serve several handle
 * calls at once. The host's calls are for the thread that handle was called on, before handle
 * returns; only `expired` may be asked from any thread until then, and `deallocate` from
 * free_response.
 */
#ifndef TIDEMILL_FUNCTION_ABI_H
#define TIDEMILL_FUNCTION_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIDEMILL_ABI_MAJOR 1u
#define TIDEMILL_ABI_MINOR 1u
#define TIDEMILL_ENTRY_SYMBOL "tidemill_function_entry"
#define TIDEMILL_EXPORT __attribute__((visibility("default")))

/* UTF-8 or any bytes; not terminated. data may be NULL when size is 0. */
typedef struct tidemill_slice {
  const char* data;
  size_t size;
} tidemill_slice;

typedef struct tidemill_pair {
  tidemill_slice name;
  tidemill_slice value;
} tidemill_pair;

/* ---- what a plugin says of itself ------------------------------------------------------------ */

/* Flags of tidemill_function.flags */
#define TIDEMILL_NON_BLOCKING 1u  /* handle takes microseconds: may run on an event-loop thread */
#define TIDEMILL_THREAD_SAFE 2u   /* one instance serves concurrent handle calls */
#define TIDEMILL_DETERMINISTIC 4u /* the same request gives the same response */

/* Kinds of an output */
#define TIDEMILL_OUTPUT_OBJECTS 1u
#define TIDEMILL_OUTPUT_ROWS 2u
#define TIDEMILL_OUTPUT_MESSAGES 3u
/* Since 1.1, with one of the above: a pipeline may leave it without a sink; what goes there is
 * dropped. */
#define TIDEMILL_OUTPUT_OPTIONAL 0x100u

typedef struct tidemill_output {
  uint32_t size;
  uint32_t kind;
  tidemill_slice name;
  tidemill_slice doc;
} tidemill_output;

/* Flags of tidemill_option.flags */
#define TIDEMILL_OPTION_REQUIRED 1u
#define TIDEMILL_OPTION_LIST 2u
#define TIDEMILL_OPTION_HAS_MIN 4u
#define TIDEMILL_OPTION_HAS_MAX 8u

typedef struct tidemill_option {
  uint32_t size;
  uint32_t type; /* the numbers of OptionType in config_spec.h */
  uint32_t flags;
  uint32_t choice_count;
  tidemill_slice name;
  tidemill_slice default_value; /* normalized text */
  tidemill_slice doc;
  const tidemill_slice* choices;
  double min;
  double max;
} tidemill_option;

/* ---- one invocation -------------------------------------------------------------------------- */

typedef struct tidemill_event {
  uint32_t size;
  uint32_t extension_count;
  tidemill_slice id; /* empty when its source gave none, until tidemill_host.event_id built one */
  tidemill_slice source;
  tidemill_slice type;
  tidemill_slice subject;
  tidemill_slice content_type;
  tidemill_slice key;
  tidemill_slice data;
  uint64_t time_us;      /* UTC, microseconds since the epoch */
  uint64_t object_bytes; /* size of the object this event is about; 0: none */
  const tidemill_pair* extensions;
} tidemill_event;

#define TIDEMILL_LOG_DEBUG 0u
#define TIDEMILL_LOG_INFO 1u
#define TIDEMILL_LOG_WARNING 2u
#define TIDEMILL_LOG_ERROR 3u

/* What a status or a failure means for the engine */
#define TIDEMILL_OK 0u
#define TIDEMILL_RETRY 1u      /* try again later: nothing is wrong with the event */
#define TIDEMILL_BAD_EVENT 2u  /* can never succeed: dead letters */
#define TIDEMILL_BAD_CONFIG 3u /* create only: a person must change the configuration */

/* One row of a scan. */
typedef struct tidemill_row {
  tidemill_slice key;
  tidemill_slice value;
} tidemill_row;

/* Which rows of a table a scan asks for: those whose key begins with `prefix` and lies behind
 * `after` (empty: from the first), in byte order of keys, until a limit is reached. */
typedef struct tidemill_scan {
  uint32_t size;
  uint32_t rows_max;  /* at least 1 */
  uint64_t bytes_max; /* of keys and values; one row comes at any rate */
  tidemill_slice table;
  tidemill_slice prefix;
  tidemill_slice after;
  uint32_t flags;
  uint32_t reserved;
} tidemill_scan;

/* Of tidemill_scan.flags: the rows need not be the same when the effects commit, so that there is
 * nothing to remember of them, however many there are. */
#define TIDEMILL_SCAN_LOOSE 1u

/* What the engine lends to one invocation; `context` is its first argument everywhere. */
typedef struct tidemill_host {
  uint32_t size;
  uint32_t reserved;
  void* (*allocate)(void* context, size_t bytes, size_t alignment); /* NULL: limit reached */
  void (*deallocate)(void* context, void* memory, size_t bytes, size_t alignment);
  /* Reads the object of one event, whole. `bytes` lives until release_object or until handle
   * returns. Returns TIDEMILL_OK, or a fault with a sentence in `error`. */
  uint32_t (*read_object)(void* context, size_t event_index, uint64_t bytes_max,
                          tidemill_slice* bytes, tidemill_slice* error);
  void (*release_object)(void* context, size_t event_index);
  /* Non-zero once the deadline has passed or the invocation was cancelled: stop and return. */
  int (*expired)(void* context);
  /* The event's identity, built on demand and put into its `id`; lives as long as the request. */
  tidemill_slice (*event_id)(void* context, size_t event_index);
  void (*log)(void* context, uint32_t level, tidemill_slice sentence);
  /* Reads one row; `value` lives until handle returns. TIDEMILL_OK with found = 0: no such row. */
  uint32_t (*read_row)(void* context, tidemill_slice table, tidemill_slice key,
                       tidemill_slice* value, int* found, tidemill_slice* error);
  /* Since 1.1; `size` says whether it is there. Reads rows in order; `rows` and what they view live
   * until handle returns. `more`: whether there are rows behind the last one. */
  uint32_t (*scan_rows)(void* context, const tidemill_scan* scan, const tidemill_row** rows,
                        size_t* count, int* more, tidemill_slice* error);
} tidemill_host;

typedef struct tidemill_request {
  uint32_t size;
  uint32_t attempt;    /* 1 for the first */
  uint64_t timeout_us; /* left until the deadline */
  uint64_t seed;       /* the only randomness a deterministic function may use */
  tidemill_slice request_id;
  tidemill_slice trace_parent;     /* W3C; may be empty */
  tidemill_slice function_version; /* hash of binary and configuration */
  const tidemill_event* events;    /* at least one */
  size_t event_count;
  size_t event_stride;
  const tidemill_host* host;
  void* host_context;
} tidemill_request;

/* Kinds of an effect; the numbers of EffectKind in effect.h */
#define TIDEMILL_MESSAGE 0u
#define TIDEMILL_PUT_OBJECT 1u
#define TIDEMILL_DELETE_OBJECT 2u
#define TIDEMILL_PUT_ROW 3u
#define TIDEMILL_DELETE_ROW 4u
#define TIDEMILL_MERGE_ROW 5u
/* Since 1.1. Answers whoever sent the event and waits for it, once its other effects are durable:
 * `operand` is the status (200 to 599), `data` the body, `metadata` the headers. `output` is not
 * looked at. Of several for an event the last counts; without effect where nobody waits. */
#define TIDEMILL_REPLY 6u

typedef struct tidemill_effect {
  uint32_t size;
  uint32_t kind;
  uint32_t event_index; /* the event that caused it */
  uint32_t output;      /* index into the plugin's outputs */
  uint32_t merge;       /* TIDEMILL_MERGE_ROW: the numbers of MergeKind in effect.h */
  uint32_t metadata_count;
  int64_t operand; /* TIDEMILL_MERGE_ROW, TIDEMILL_REPLY */
  tidemill_slice key;
  tidemill_slice content_type;
  tidemill_slice data;
  const tidemill_pair* metadata;
} tidemill_effect;

typedef struct tidemill_failure {
  uint32_t size;
  uint32_t fault; /* TIDEMILL_RETRY or TIDEMILL_BAD_EVENT */
  uint32_t event_index;
  uint32_t reserved;
  tidemill_slice reason;
} tidemill_failure;

typedef struct tidemill_response {
  uint32_t size;
  uint32_t status;       /* other than TIDEMILL_OK: the whole batch failed, effects are ignored */
  tidemill_slice reason; /* with a status */
  const tidemill_effect* effects;
  size_t effect_count;
  size_t effect_stride;
  const tidemill_failure* failures;
  size_t failure_count;
  size_t failure_stride;
} tidemill_response;

typedef struct tidemill_function {
  uint32_t size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t flags;
  tidemill_slice name;
  tidemill_slice version; /* of the plugin's own code; may be empty */
  tidemill_slice summary;
  const tidemill_output* outputs;
  size_t output_count;
  size_t output_stride;
  const tidemill_option* options;
  size_t option_count;
  size_t option_stride;
  /* Makes an instance (the init phase of a cold start); may run on several threads at once.
   * `options` are normalized; a list repeats its name. On a fault *instance stays NULL and `error`
   * says why, in memory that the plugin keeps until the next create on the same thread. */
  uint32_t (*create)(const tidemill_pair* options, size_t option_count, void** instance,
                     tidemill_slice* error);
  void (*destroy)(void* instance);
  /* Never returns NULL. */
  const tidemill_response* (*handle)(void* instance, const tidemill_request* request);
  void (*cancel)(void* instance); /* hurries a running handle up; returns at once. NULL: cannot */
  void (*free_response)(void* instance, const tidemill_response* response);
} tidemill_function;

/* The one symbol a plugin exports. NULL: the plugin does not speak this major version. The table
 * lives for ever: a plugin is never unloaded. */
TIDEMILL_EXPORT const tidemill_function* tidemill_function_entry(uint32_t abi_major);
typedef const tidemill_function* (*tidemill_entry)(uint32_t abi_major);

#ifdef __cplusplus
}
#endif

#endif
