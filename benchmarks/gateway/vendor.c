/* A vendor that costs next to nothing, so that a benchmark measures the gateway in front of it.
 *
 *   vendor PORT CHUNKS INTERVAL_MS
 *
 * Speaks OpenAI's chat completions over HTTP/1.1 with keep-alive: whole, or, where the request says "stream":true, as
 * CHUNKS events, one each INTERVAL_MS. Every event's text holds the moment it was sent ("t=<ns>;"), so that a reader on
 * the same machine knows how late it is. One thread, epoll; all intervals are equal, so due events form a queue. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 65536
#define MAX_REQUEST 65536

typedef struct {
    char *in;
    int have;
    int left;            /* events still to send; 0: no stream */
    long long due;       /* when the next one is */
    unsigned generation; /* a queue entry of an earlier stream on this fd is void */
} Conn;

typedef struct {
    int fd;
    unsigned generation;
    long long due;
} Due;

static Conn conns[MAX_FD];
static Due *queue;
static size_t head, tail, room = 1 << 20;
static int chunks;
static long long interval;

static long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void drop(int fd) {
    conns[fd].generation++;
    conns[fd].left = conns[fd].have = 0;
    close(fd);
}

static int say(int fd, const char *data, int length) {
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) { usleep(50); continue; }
            return -1;
        }
        data += n;
        length -= n;
    }
    return 0;
}

static int say_chunk(int fd, const char *body, int length) {
    char out[2048];
    int n = snprintf(out, sizeof out, "%x\r\n", length);
    memcpy(out + n, body, length);
    n += length;
    memcpy(out + n, "\r\n", 2);
    return say(fd, out, n + 2);
}

static void later(int fd, long long due) {
    queue[tail] = (Due){fd, conns[fd].generation, due};
    tail = (tail + 1) & (room - 1);
    if (tail == head) { fprintf(stderr, "too many events wait\n"); exit(1); }
}

#define ID "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"stub\",\"choices\":"

static void next_event(int fd) {
    Conn *c = &conns[fd];
    char body[1024];
    int n, failed;
    if (c->left > 1) {
        n = snprintf(body, sizeof body,
                     "data: " ID "[{\"index\":0,\"delta\":{\"content\":\"t=%lld; word \"},\"finish_reason\":null}]}\n\n", now_ns());
        failed = say_chunk(fd, body, n);
        c->left--;
        if (failed) { drop(fd); return; }
        c->due += interval;
        later(fd, c->due);
        return;
    }
    n = snprintf(body, sizeof body,
                 "data: " ID "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                 "data: " ID "[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
                 "data: [DONE]\n\n", chunks, chunks + 9);
    c->left = 0;
    if (say_chunk(fd, body, n) || say(fd, "0\r\n\r\n", 5)) drop(fd);
}

static void answer(int fd, const char *body) {
    static const char stream_head[] =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    static const char whole[] =
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"stub\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"Hold the button for five seconds, then let it go and wait for the light.\"},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":16,\"total_tokens\":25}}";
    if (strstr(body, "\"stream\":true") || strstr(body, "\"stream\": true")) {
        static const char role[] = "data: " ID "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
        if (say(fd, stream_head, sizeof stream_head - 1) || say_chunk(fd, role, sizeof role - 1)) { drop(fd); return; }
        conns[fd].left = chunks + 1;
        conns[fd].due = now_ns();
        next_event(fd);
        return;
    }
    char out[2048];
    int n = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                     sizeof whole - 1, whole);
    if (say(fd, out, n)) drop(fd);
}

static void receive(int fd) {
    Conn *c = &conns[fd];
    if (!c->in) c->in = malloc(MAX_REQUEST + 1);
    for (;;) {
        ssize_t n = recv(fd, c->in + c->have, MAX_REQUEST - c->have, 0);
        if (n == 0) { drop(fd); return; }
        if (n < 0) { if (errno != EAGAIN) drop(fd); return; }
        c->have += n;
        c->in[c->have] = 0;
        char *end;
        while ((end = memmem(c->in, c->have, "\r\n\r\n", 4))) {
            char *length = strcasestr(c->in, "content-length:");
            int want = length && length < end ? atoi(length + 15) : 0;
            int whole = end - c->in + 4 + want;
            if (c->have < whole) break;
            char kept = c->in[whole];
            c->in[whole] = 0;
            answer(fd, end + 4);
            if (!c->have) return; /* dropped */
            c->in[whole] = kept;
            memmove(c->in, c->in + whole, c->have - whole + 1);
            c->have -= whole;
        }
        if (c->have == MAX_REQUEST) { drop(fd); return; }
    }
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "usage: vendor PORT CHUNKS INTERVAL_MS\n"); return 2; }
    chunks = atoi(argv[2]);
    interval = (long long)(atof(argv[3]) * 1e6);
    queue = malloc(room * sizeof *queue);
    struct rlimit limit = {MAX_FD, MAX_FD};
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 16384)) { perror("listen"); return 1; }
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[1024];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        long long wait = -1;
        if (head != tail) {
            wait = (queue[head].due - now_ns()) / 1000000;
            if (wait < 0) wait = 0;
        }
        int n = epoll_wait(poll, events, 1024, (int)wait);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) { receive(fd); continue; }
            int peer;
            while ((peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (peer >= MAX_FD) { close(peer); continue; }
                setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                conns[peer].have = conns[peer].left = 0;
                event = (struct epoll_event){.events = EPOLLIN, .data.fd = peer};
                epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
            }
        }
        long long now = now_ns();
        while (head != tail && queue[head].due <= now) {
            Due due = queue[head];
            head = (head + 1) & (room - 1);
            if (conns[due.fd].generation == due.generation && conns[due.fd].left) next_event(due.fd);
        }
    }
}
