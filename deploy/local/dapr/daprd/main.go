// daprd with two components instead of 130: cmd/daprd/app of github.com/dapr/dapr cannot be imported without a build tag that brings
// them all, so its start is told again here, with its own options and its own runtime.
package main

import (
	"context"
	"log"
	"os"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/configuration"
	"github.com/dapr/dapr/pkg/components/conversation"
	"github.com/dapr/dapr/pkg/components/crypto"
	"github.com/dapr/dapr/pkg/components/lock"
	"github.com/dapr/dapr/pkg/components/middleware/http"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
	"go.opencensus.io/stats/view"
)

func main() {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("daprd: %v", err)
	}
	opts.Logger.SetAppID(opts.AppID)
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		log.Fatalf("daprd: %v", err)
	}
	contrib := logger.NewLogger("dapr.contrib")
	state.DefaultRegistry.Logger = contrib
	nameresolution.DefaultRegistry.Logger = contrib
	if err := run(signals.Context(), opts); err != nil {
		log.Fatalf("daprd: %v", err)
	}
}

func run(ctx context.Context, opts *options.Options) error {
	health := healthz.New()
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           opts.SentryAddress,
		ControlPlaneTrustDomain: opts.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   opts.ControlPlaneNamespace,
		TrustAnchors:            opts.TrustAnchors,
		AppID:                   opts.AppID,
		MTLSEnabled:             opts.EnableMTLS,
		Mode:                    modes.DaprMode(opts.Mode),
		Healthz:                 health,
		JwtAudiences:            opts.SentryRequestJwtAudiences,
	})
	if err != nil {
		return err
	}
	return concurrency.NewRunnerManager(provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return err
		}
		sidecar, err := runtime.FromConfig(ctx, configOf(opts, handler, health))
		if err != nil {
			return err
		}
		return sidecar.Run(ctx)
	}).Run(ctx)
}

func configOf(opts *options.Options, handler security.Handler, health healthz.Healthz) *runtime.Config {
	return &runtime.Config{
		AppID:                         opts.AppID,
		ActorsService:                 opts.ActorsService,
		ActorsDisseminationTimeout:    opts.ActorsDisseminationTimeout,
		RemindersService:              opts.RemindersService,
		SchedulerAddress:              opts.SchedulerAddress,
		SchedulerStreams:              opts.SchedulerJobStreams,
		AllowedOrigins:                opts.AllowedOrigins,
		ResourcesPath:                 opts.ResourcesPath,
		ComponentsPath:                opts.ComponentsPath,
		Config:                        opts.Config,
		ControlPlaneAddress:           opts.ControlPlaneAddress,
		SentryAddress:                 opts.SentryAddress,
		EnableMTLS:                    opts.EnableMTLS,
		Mode:                          opts.Mode,
		DaprHTTPPort:                  opts.DaprHTTPPort,
		DaprInternalGRPCPort:          opts.DaprInternalGRPCPort,
		DaprInternalGRPCListenAddress: opts.DaprInternalGRPCListenAddress,
		DaprAPIGRPCPort:               opts.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        opts.DaprAPIListenAddresses,
		DaprPublicPort:                opts.DaprPublicPort,
		DaprPublicListenAddress:       opts.DaprPublicListenAddress,
		ProfilePort:                   opts.ProfilePort,
		EnableProfiling:               opts.EnableProfiling,
		ApplicationPort:               opts.AppPort,
		AppProtocol:                   opts.AppProtocol,
		AppMaxConcurrency:             opts.AppMaxConcurrency,
		AppChannelAddress:             opts.AppChannelAddress,
		AppSSL:                        opts.AppSSL,
		EnableAppHealthCheck:          opts.EnableAppHealthCheck,
		AppHealthCheckPath:            opts.AppHealthCheckPath,
		AppHealthProbeInterval:        opts.AppHealthProbeInterval,
		AppHealthProbeTimeout:         opts.AppHealthProbeTimeout,
		AppHealthThreshold:            opts.AppHealthThreshold,
		MaxRequestSize:                opts.MaxRequestSize,
		ReadBufferSize:                opts.ReadBufferSize,
		UnixDomainSocket:              opts.UnixDomainSocket,
		DaprGracefulShutdownSeconds:   opts.DaprGracefulShutdownSeconds,
		DaprBlockShutdownDuration:     opts.DaprBlockShutdownDuration,
		DisableBuiltinK8sSecretStore:  opts.DisableBuiltinK8sSecretStore,
		DisableInitEndpoints:          opts.DisableInitEndpoints,
		EnableAPILogging:              opts.EnableAPILogging,
		Metrics: metrics.Options{
			Enabled:       opts.Metrics.Enabled(),
			Log:           logger.NewLogger("dapr.runtime"),
			Port:          opts.Metrics.Port(),
			Namespace:     metrics.DefaultMetricNamespace,
			Healthz:       health,
			ListenAddress: opts.Metrics.ListenAddress(),
			Meter:         view.NewMeter(),
		},
		// The runtime asks every kind of registry, also the empty ones.
		Registry: registry.NewOptions().
			WithSecretStores(secretstores.DefaultRegistry).
			WithStateStores(state.DefaultRegistry).
			WithConfigurations(configuration.DefaultRegistry).
			WithLocks(lock.DefaultRegistry).
			WithPubSubs(pubsub.DefaultRegistry).
			WithNameResolutions(nameresolution.DefaultRegistry).
			WithBindings(bindings.DefaultRegistry).
			WithCryptoProviders(crypto.DefaultRegistry).
			WithHTTPMiddlewares(http.DefaultRegistry).
			WithConversations(conversation.DefaultRegistry),
		Security: handler,
		Healthz:  health,
	}
}
