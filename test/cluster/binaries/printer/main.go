// Printer prints one text, so that a test can see which image a container really ran. The text is its arguments, else the
// environment variable TEXT, else the file /text of its image. It then waits to be ended.
//
//	--once          end with 0 after printing
//	--listen ADDR   answer every HTTP request with the text
//	--get URL       print the answer of that URL instead
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	once := flag.Bool("once", false, "end after printing")
	listen := flag.String("listen", "", "address to answer HTTP requests at")
	get := flag.String("get", "", "URL whose answer is printed")
	flag.Parse()

	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	text, err := read(ctx, *get)
	if err != nil {
		fmt.Fprintln(os.Stderr, "printer:", err)
		os.Exit(1)
	}
	fmt.Println(text)
	if *once {
		return
	}
	if *listen != "" {
		server := &http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second}
		server.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, text) })
		go func() {
			if err := server.ListenAndServe(); err != nil && err != http.ErrServerClosed {
				fmt.Fprintln(os.Stderr, "printer:", err)
				os.Exit(1)
			}
		}()
		defer server.Close()
	}
	<-ctx.Done()
}

func read(ctx context.Context, url string) (string, error) {
	if url != "" {
		return fetch(ctx, url)
	}
	if flag.NArg() > 0 {
		return strings.Join(flag.Args(), " "), nil
	}
	if text, ok := os.LookupEnv("TEXT"); ok {
		return text, nil
	}
	text, err := os.ReadFile("/text")
	return strings.TrimRight(string(text), "\n"), err
}

func fetch(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return strings.TrimRight(string(body), "\n"), err
}
