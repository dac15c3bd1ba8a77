"""Tiny networks with random weights, in the published classes, for the tests of the losses."""

import torch


def randomise(network, seed, std=0.2):
    """Weights whose features depend on the picture; the classes' own initial ones barely do."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        mean = 1.0 if parameter.ndim == 1 and parameter.detach().mean() > 0.9 else 0.0
        torch.nn.init.normal_(parameter, mean, std, generator=generator)
    return network.eval().requires_grad_(False)


def tiny_dinov2(layers=12):
    """transformers' Dinov2Model, as many blocks as the small one."""
    import transformers

    config = transformers.Dinov2Config(
        hidden_size=64,
        num_hidden_layers=layers,
        num_attention_heads=1,
        image_size=56,
        layerscale_value=0.5,
    )
    return randomise(transformers.Dinov2Model(config), seed=0)


def tiny_sam2_config(video=False, image_size=128):
    """The configuration of a SAM 2.1 with 16 channels; the published one is a video model's."""
    import transformers

    config = transformers.Sam2VideoConfig if video else transformers.Sam2Config
    sizes = [[image_size // step] * 2 for step in (4, 8, 16)]
    return config(
        vision_config={
            "model_type": "sam2_vision_model",
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 8,
                "image_size": [image_size, image_size],
                "blocks_per_stage": [1, 1, 2, 1],
                "embed_dim_per_stage": [8, 16, 32, 64],
                "global_attention_blocks": [3],
            },
            "backbone_channel_list": [64, 32, 16, 8],
            "backbone_feature_sizes": sizes,
            "fpn_hidden_size": 16,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": image_size},
        mask_decoder_config={"hidden_size": 16, "num_attention_heads": 1, "mlp_dim": 16},
    )


def tiny_sam2(image_size=128):
    """transformers' Sam2Model."""
    import transformers

    return randomise(transformers.Sam2Model(tiny_sam2_config(image_size=image_size)), seed=1)


def pictures(count, size, seed=3):
    """[count, 3, *size] smooth random pictures within 0..1."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 9, 9, generator=generator)
    return torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 1)


def normalise(images):
    """ImageNet's mean and deviation, written out once more."""
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (images - mean[:, None, None]) / deviation[:, None, None]
