import { endsAnywhere } from '../../azure/killed-story.ts';

endsAnywhere('Premium', { plan: 'premium' });
