# What one does with Postern. Everything else is a go command.
.PHONY: build demo test lint bench fuzz

PACKAGES    = postfix redis-server zstd docker-compose dovecot-imapd dovecot-sieve
VERSION     = $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    = 30s

build: ## bin/postern
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X github.com/postern-mail/postern/app.version=$(VERSION)' -o bin/postern ./cmd/postern

demo: build ## a dozen messages through a private Postfix; KEEP=1 stays up
	@scripts/install postfix
	@go run ./test/demo $(if $(KEEP),-keep)

test: ## all tests, those with a real Postfix included
	@scripts/install $(PACKAGES)
	go test -race -shuffle=on -timeout 20m ./...

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w .'; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

bench: ## Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME each
	@scripts/fuzz $(FUZZTIME)
