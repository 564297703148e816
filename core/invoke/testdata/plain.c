/* A function in plain C: the length of each event's data, as a row under its id. */
#include <stdio.h>
#include <tidemill/function_abi.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

struct answer {
  tidemill_response response;
  const tidemill_host* host;
  void* host_context;
  size_t bytes;
};

static int instances;

static uint32_t create(const tidemill_pair* options, size_t option_count, void** instance,
                       tidemill_slice* error) {
  (void)options;
  (void)option_count;
  (void)error;
  ++instances;
  *instance = &instances;
  return TIDEMILL_OK;
}

static void destroy(void* instance) {
  (void)instance;
  --instances;
}

/* One block holds the answer, its effects and 24 digits for each. */
static const tidemill_response* handle(void* instance, const tidemill_request* request) {
  (void)instance;
  const size_t n = request->event_count;
  const size_t bytes = sizeof(struct answer) + n * (sizeof(tidemill_effect) + 24);
  struct answer* answer = request->host->allocate(request->host_context, bytes, 16);
  if (answer == NULL) return NULL;
  tidemill_effect* effects = (tidemill_effect*)(answer + 1);
  char* digits = (char*)(effects + n);
  for (size_t i = 0; i < n; ++i) {
    const tidemill_event* event =
        (const tidemill_event*)((const char*)request->events + i * request->event_stride);
    const int length = snprintf(digits + i * 24, 24, "%zu", event->data.size);
    const tidemill_effect effect = {.size = sizeof effect,
                                    .kind = TIDEMILL_PUT_ROW,
                                    .event_index = (uint32_t)i,
                                    .key = request->host->event_id(request->host_context, i),
                                    .data = {digits + i * 24, (size_t)length}};
    effects[i] = effect;
  }
  const tidemill_response response = {.size = sizeof response,
                                      .effects = effects,
                                      .effect_count = n,
                                      .effect_stride = sizeof *effects};
  answer->response = response;
  answer->host = request->host;
  answer->host_context = request->host_context;
  answer->bytes = bytes;
  return &answer->response;
}

static void free_response(void* instance, const tidemill_response* response) {
  (void)instance;
  struct answer* answer = (struct answer*)response;
  answer->host->deallocate(answer->host_context, answer, answer->bytes, 16);
}

const tidemill_function* tidemill_function_entry(uint32_t abi_major) {
  static const tidemill_output outputs[] = {{.size = sizeof(tidemill_output),
                                             .kind = TIDEMILL_OUTPUT_ROWS,
                                             .name = TEXT("lengths"),
                                             .doc = TEXT("One row per event.")}};
  static const tidemill_function table = {.size = sizeof(tidemill_function),
                                          .abi_major = TIDEMILL_ABI_MAJOR,
                                          .abi_minor = TIDEMILL_ABI_MINOR,
                                          .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE,
                                          .name = TEXT("plain"),
                                          .summary = TEXT("Measures events."),
                                          .outputs = outputs,
                                          .output_count = 1,
                                          .output_stride = sizeof(tidemill_output),
                                          .create = create,
                                          .destroy = destroy,
                                          .handle = handle,
                                          .free_response = free_response};
  return abi_major == TIDEMILL_ABI_MAJOR ? &table : NULL;
}
